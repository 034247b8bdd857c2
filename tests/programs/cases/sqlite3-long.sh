# package: sqlite3
# set: slow
# does: 600000 rows with five indices, a large transaction rolled back, vacuum
# needs: sqlite3

prepare() {
    rows 600000 >rows.csv
}

run() {
    sqlite3 tmp/test.db <<SQL
PRAGMA journal_mode = off;
PRAGMA cache_size = -200000;
CREATE TABLE r (id INTEGER PRIMARY KEY, name TEXT, number INTEGER, word TEXT);
.mode csv
.import $IN/rows.csv r
CREATE INDEX i1 ON r (word, number);
CREATE INDEX i2 ON r (name);
CREATE INDEX i3 ON r (number);
CREATE INDEX i4 ON r (length(name), word);
PRAGMA journal_mode = memory;
BEGIN; UPDATE r SET name = name || word, number = number + 1; SELECT sum(number) FROM r; ROLLBACK;
SELECT sum(number), count(DISTINCT name) FROM r;
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT sum(n * n % 97) FROM c;
SELECT a.word, sum(b.number) FROM r a JOIN r b ON b.id = a.number WHERE a.id < 100000 GROUP BY 1 ORDER BY 2 DESC LIMIT 5;
VACUUM;
PRAGMA integrity_check;
SQL
}
