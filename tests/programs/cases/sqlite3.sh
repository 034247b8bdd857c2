# package: sqlite3
# set: quick
# does: 120000 rows, indices, joins, full-text search, JSON, windows, vacuum, dump
# needs: sqlite3

prepare() {
    rows 120000 >rows.csv
    text 1000000 >prose
}

run() {
    sqlite3 test.db <<SQL
CREATE TABLE r (id INTEGER PRIMARY KEY, name TEXT, number INTEGER, word TEXT);
.mode csv
.import $IN/rows.csv r
.import $IN/prose prose
CREATE INDEX by_word ON r (word, number);
CREATE TABLE joined AS SELECT a.id, b.name FROM r a JOIN r b ON a.number = b.id;
CREATE VIRTUAL TABLE f USING fts5(line);
INSERT INTO f SELECT word || ' ' || name FROM r;
SELECT count(*), sum(rowid) FROM f WHERE f MATCH 'w7 OR w11*';
SELECT word, count(*), sum(number), group_concat(id % 10, '') FROM r GROUP BY word ORDER BY 3 DESC LIMIT 20;
SELECT id, sum(number) OVER (PARTITION BY word ORDER BY id ROWS 5 PRECEDING) FROM r ORDER BY 2 DESC LIMIT 20;
SELECT sum(json_extract(json_object('a', json_array(id, name)), '\$.a[0]')) FROM r;
DELETE FROM r WHERE id % 3 = 0;
UPDATE r SET name = upper(name) || hex(word) WHERE id % 2 = 0;
VACUUM;
PRAGMA integrity_check;
.output dump.sql
.dump
SQL
}
