# package: postgresql
# set: slow
# does: pgbench at scale 8 with 2 x 4000 transactions, then larger sorts and joins
# needs: /usr/lib/postgresql/*/bin/postgres setpriv

. "$HERE/postgres-lib.sh"

prepare() {
    :
}

run() {
    pg_begin
    pgbench_round 8 4000
    pg_query <<'SQL'
CREATE TABLE t AS SELECT i AS id, md5(i::text) AS hash, i::bigint * 7919 % 100003 AS number FROM generate_series(1, 1000000) i;
CREATE INDEX ON t (hash);
CREATE INDEX ON t (number);
VACUUM ANALYZE t;
SET work_mem = '64MB';
SELECT count(*), sum(a.number), max(b.hash) FROM t a JOIN t b ON a.number = b.id;
SELECT id, hash FROM t ORDER BY hash DESC, id OFFSET 500000 LIMIT 5;
SELECT count(DISTINCT left(hash, 4)), count(*) FILTER (WHERE hash ~ '^(a|b)+[0-9]{3}') FROM t;
SELECT md5(string_agg(hash, ',' ORDER BY id)) FROM t WHERE id % 5 = 0;
SQL
    pg_end
}
