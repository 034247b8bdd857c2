# package: redis-server redis-tools
# set: quick
# does: server with all data types, snapshot by fork, restart, then redis-benchmark
# needs: redis-server redis-cli redis-benchmark
# note: Debian links it with jemalloc by malloc's own names, so preloading takes them over

start() {
    serve redis-server --port 0 --unixsocket "$PWD/tmp/socket" --dir "$PWD/tmp" --save '' \
        --enable-debug-command yes --hash-max-listpack-entries 16
    wait_for redis-cli -s tmp/socket ping
}

prepare() {
    rows 20000 | awk -F, '{
        print "SET key:" $1, $2
        print "LPUSH list:" $1 % 100, $2
        print "HSET hash:" $1 % 50, $2, $3
        print "ZADD zset:" $1 % 20, $3, $2
        print "SADD set:" $1 % 30, $4
        print "APPEND long:" $1 % 5, $2
        if ($1 % 7 == 0) print "DEL key:" int($1 / 7)
    }' >commands
    awk '{ printf "*%d\r\n", NF; for (i = 1; i <= NF; i++) printf "$%d\r\n%s\r\n", length($i), $i }' commands >protocol
}

run() {
    start
    redis-cli -s tmp/socket --pipe <"$IN/protocol"
    redis-cli -s tmp/socket dbsize
    redis-cli -s tmp/socket debug digest
    redis-cli -s tmp/socket eval 'local n = 0 for i = 1, 20000 do n = n + #(redis.call("GET", "key:" .. i) or "") end return n' 0
    redis-cli -s tmp/socket bgsave >tmp/bgsave
    wait_for grep -q 'Background saving terminated with success' tmp/server.log
    stop "$server"
    start
    redis-cli -s tmp/socket debug digest
    # The rates and latencies it prints are measurements; that each test finishes is the result.
    redis-benchmark -s tmp/socket -n 20000 -P 8 -c 20 -r 10000 --threads 2 -t set,get,lpush,lpop,sadd,hset,zadd,mset --csv >tmp/rates
    cut -d, -f1 tmp/rates
    stop "$server"
}
