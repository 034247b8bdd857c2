# package: php-cli
# set: quick
# does: arrays, preg, json, serialize, sorting, generators
# needs: php
# note: USE_ZEND_ALLOC=0, so that each value is a block of the heap

prepare() {
    text 600000 >prose
    cat >work.php <<'PHP'
<?php
preg_match_all('/\w+/', file_get_contents($argv[1]), $m);
$n = array_count_values($m[0]);
uksort($n, fn($a, $b) => $n[$b] <=> $n[$a] ?: strcmp($a, $b));
print_r(array_slice($n, 0, 10));
$deep = [];
foreach ($n as $w => $c) $deep[strlen($w)][$w[0]][] = ['w' => $w, 'c' => $c, 'r' => strrev(ucfirst($w))];
echo hash('sha256', json_encode($deep)), "\n", json_decode(json_encode($deep), true) == $deep ? "same" : "other", "\n";
echo md5(serialize(unserialize(serialize($deep)))), "\n";
function numbers($k) { for ($i = 0; $i < $k; $i++) yield str_repeat(chr(65 + $i % 26), $i % 300); }
$kept = []; foreach (numbers(60000) as $i => $s) $kept[$i % 2000] = $s . $i;
echo crc32(implode(',', $kept)), "\n";
class Node { public $next; function __construct(public int $v) {} }
$head = null; for ($i = 0; $i < 50000; $i++) { $x = new Node($i); $x->next = $head; $head = $x; if ($i % 1000 == 999) $head = null; }
echo preg_replace_callback('/\b(\w)(\w*)/', fn($m) => $m[2] . $m[1], substr($argv[2], 0, 100)), "\n";
echo strlen(sprintf('%s', bin2hex(random_bytes(16)))), "\n";
PHP
}

run() {
    USE_ZEND_ALLOC=0 php -n -d memory_limit=-1 "$IN/work.php" "$IN/prose" 'the quick brown fox'
}
