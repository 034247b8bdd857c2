# package: postgresql
# set: quick
# does: initdb, server, pgbench with two clients, consistency, parallel query, dump
# needs: /usr/lib/postgresql/*/bin/postgres setpriv
# timeout: 120

. "$HERE/postgres-lib.sh"

prepare() {
    :
}

run() {
    pg_begin
    pgbench_round 1 300
    pg_query <<'SQL'
CREATE TABLE t AS SELECT i AS id, md5(i::text) AS hash, i * 7919 % 10007 AS number FROM generate_series(1, 100000) i;
CREATE INDEX ON t (hash);
ANALYZE t;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*), sum(a.number), max(b.hash) FROM t a JOIN t b ON a.number = b.id;
SELECT number % 10, string_agg(left(hash, 2), '' ORDER BY id) FROM t WHERE id < 2000 GROUP BY 1 ORDER BY 1;
SELECT jsonb_object_agg(hash, number) -> md5('77') FROM t;
SELECT sum(length(regexp_replace(hash, '[a-f]+', '-', 'g'))) FROM t;
SQL
    pg_end
}
