# package: mariadb-server-core mariadb-client-core
# set: slow
# does: bootstrap, server, inserts, joins, full text, transactions from four clients, checksum
# needs: mariadbd mariadb mariadb-install-db

prepare() {
    rows 60000 | awk -F, 'BEGIN { print "CREATE TABLE r (id INT PRIMARY KEY, name VARCHAR(30), number INT, word VARCHAR(10), KEY (word), FULLTEXT (name)) ENGINE=InnoDB;" }
        NR % 500 == 1 { printf "%sINSERT INTO r VALUES ", (NR > 1 ? ";\n" : "") } NR % 500 != 1 { printf "," } { printf "(%d,\"%s\",%d,\"%s\")", $1, $2, $3, $4 } END { print ";" }' >rows.sql
}

run() {
    as_root=
    [ "$(id -u)" != 0 ] || as_root=--user=root
    mariadb-install-db --no-defaults $as_root --datadir="$PWD/tmp/data" --auth-root-authentication-method=normal --skip-test-db >tmp/install.log 2>&1
    serve mariadbd --no-defaults $as_root --datadir="$PWD/tmp/data" --socket="$PWD/tmp/socket" --skip-networking \
        --innodb-flush-log-at-trx-commit=0 --performance-schema=ON --pid-file="$PWD/tmp/pid"
    sql="mariadb --no-defaults --socket=tmp/socket -u root"
    wait_for $sql -e 'SELECT 1'
    $sql -e 'CREATE DATABASE d'
    $sql d <"$IN/rows.sql"
    clients=
    for client in 1 2 3 4; do
        awk -v c="$client" 'BEGIN { for (i = 0; i < 1500; i++) printf "START TRANSACTION; UPDATE r SET number = number + %d WHERE id = %d; UPDATE r SET number = number - %d WHERE id = %d; COMMIT;\n", i, c * 10000 + i, i, c * 10000 + i + 2000 }' |
            $sql d &
        clients="$clients $!"
    done
    for client in $clients; do
        wait "$client"
    done
    $sql d <<'SQL'
SELECT count(*), sum(number) FROM r;
SELECT word, count(*), sum(number) n FROM r GROUP BY word ORDER BY n DESC, word LIMIT 10;
SELECT count(*) FROM r a JOIN r b ON a.word = b.word AND b.id < 500;
SELECT count(*) FROM r WHERE MATCH (name) AGAINST ('name17 name99');
SELECT id, row_number() OVER (PARTITION BY word ORDER BY id) FROM r ORDER BY 2 DESC, 1 LIMIT 5;
CHECKSUM TABLE r EXTENDED;
CHECK TABLE r EXTENDED;
SELECT sum(crc32(json_object('a', name, 'b', json_array(id, number)))) FROM r;
SQL
    $sql -e SHUTDOWN
    ended=0
    wait "$server" || ended=$?
    echo "server ended with status $ended"
}
