# A private postgres server for the cases of that name. Its programs lie outside the PATH.

PG=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)

pg_query() {
    "$PG/psql" -h "$PWD/tmp/pg" -U tester -d postgres -X -q -v ON_ERROR_STOP=1 "$@"
}

pg_begin() {
    mkdir tmp/pg
    if [ "$(id -u)" = 0 ]; then
        chown nobody:nogroup tmp/pg
    fi
    $unprivileged "$PG/initdb" -D "$PWD/tmp/pg/data" -U tester -A trust --no-locale -E UTF8 --no-sync >tmp/initdb.log
    $unprivileged "$PG/postgres" -D "$PWD/tmp/pg/data" -k "$PWD/tmp/pg" -c listen_addresses= -c fsync=off \
        -c autovacuum=off >>tmp/server.log 2>&1 &
    server=$!
    wait_for pg_query -c 'SELECT 1'
}

# pgbench_round SCALE TRANSACTIONS: which transaction comes first isn't fixed with two clients, so rows and their
# order aren't compared but the sums that pgbench keeps equal, whatever the order.
pgbench_round() {
    "$PG/pgbench" -h "$PWD/tmp/pg" -U tester -i -q -s "$1" postgres >tmp/pgbench.log 2>&1
    "$PG/pgbench" -h "$PWD/tmp/pg" -U tester -n -c 2 -j 2 -t "$2" --random-seed=42 postgres >>tmp/pgbench.log 2>&1
    grep -E 'number of (transactions actually processed|failed transactions)' tmp/pgbench.log
    pg_query <<'SQL'
SELECT (SELECT count(*) FROM pgbench_history), (SELECT sum(abalance) FROM pgbench_accounts) AS accounts,
       (SELECT sum(bbalance) FROM pgbench_branches) AS branches, (SELECT sum(tbalance) FROM pgbench_tellers) AS tellers,
       (SELECT sum(delta) FROM pgbench_history) AS history;
SQL
}

# A dump is bracketed by a random word, so that its content can't end it early.
pg_end() {
    "$PG/pg_dump" -h "$PWD/tmp/pg" -U tester -T 'pgbench*' postgres |
        sed -E '/^\\(un)?restrict /d' | sha256sum
    stop "$server" INT
}
