# package: redis-server redis-tools
# set: slow
# does: redis-benchmark with 1.4 million requests, values of many sizes, rewrite by fork under load
# needs: redis-server redis-cli redis-benchmark
# note: Debian links it with jemalloc by malloc's own names, so preloading takes them over

prepare() {
    :
}

run() {
    serve redis-server --port 0 --unixsocket "$PWD/tmp/socket" --dir "$PWD/tmp" --save '' --io-threads 2 \
        --enable-debug-command yes --maxmemory 300mb --maxmemory-policy allkeys-lru
    cli="redis-cli -s tmp/socket"
    wait_for $cli ping
    # The rates and latencies it prints are measurements; that each test finishes is the result.
    for size in 3 100 3000; do
        redis-benchmark -s tmp/socket -n 60000 -P 16 -c 40 -r 100000 -d "$size" -t set,get,lpush,lpop,sadd,hset,spop,zadd --csv >tmp/rates
        cut -d, -f1 tmp/rates
    done
    $cli flushall
    $cli debug populate 400000 key 50
    $cli debug digest
    redis-benchmark -s tmp/socket -n 200000 -P 16 -c 20 -r 400000 -t get -q >tmp/rates &
    $cli bgsave >tmp/bgsave
    wait_for grep -q 'Background saving terminated with success' tmp/server.log
    wait $!
    $cli debug reload
    $cli debug digest
    $cli eval 'for i = 1, 200000 do redis.call("SETRANGE", "key:" .. i, i % 700, "x") end return redis.call("DBSIZE")' 0
    $cli debug digest
    stop "$server"
}
