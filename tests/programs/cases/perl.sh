# package: perl
# set: quick
# does: hashes, regular expressions, sorting, closures, sprintf, local fork and pipe
# needs: perl

prepare() {
    text 1500000 >prose
    cat >work.pl <<'PL'
use strict; use warnings; use Digest::SHA qw(sha256_hex); use Data::Dumper; use Storable qw(freeze thaw);
$Data::Dumper::Sortkeys = 1;
my (%n, %by);
open my $in, '<', $ARGV[0] or die;
while (my $line = <$in>) {
    for my $w ($line =~ /(\w+)/g) { $n{$w}++; push @{$by{length $w}{substr $w, 0, 1}}, $w; }
}
my @top = sort { $n{$b} <=> $n{$a} || $a cmp $b } keys %n;
printf "%-12s %6d\n", $_, $n{$_} for @top[0 .. 19];
my $text = join ' ', map { my $w = $_; $w =~ s/([aeiou])/<$1>/g; $w } @top;
print sha256_hex($text), ' ', length $text, "\n";
print sha256_hex(Dumper(\%by)), "\n";
my $copy = thaw(freeze(\%by));
print scalar(keys %$copy), "\n";
my @subs = map { my $i = $_; sub { $i += $_[0] } } 1 .. 20000;
my $sum = 0; $sum += $_->(3) for @subs; print "$sum\n";
my $s = ''; for my $i (1 .. 200000) { $s .= chr(97 + $i % 26); substr($s, 0, 1, '') if length $s > 1000 } print sha256_hex($s), "\n";
my $pid = open(my $kid, '-|') // die; if (!$pid) { print "from the child: ", scalar(keys %n), "\n"; exit 0 } print <$kid>; close $kid;
PL
}

run() {
    PERL_HASH_SEED=0 perl "$IN/work.pl" "$IN/prose"
}
