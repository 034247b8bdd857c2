-- The workload of scripts/run-demo: builds a database of about 280 MB and queries it. The rows come from
-- a generator of pseudo-random numbers in SQL, so that every run makes the same ones.
.bail on
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;

CREATE TABLE item(
    id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, code TEXT NOT NULL, price REAL NOT NULL, note TEXT NOT NULL);

BEGIN;
WITH RECURSIVE row(i, h) AS (
    SELECT 1, 12345
    UNION ALL
    SELECT i + 1, (h * 1103515245 + 12345) & 2147483647 FROM row WHERE i < 1000000)
INSERT INTO item
SELECT i, h % 50000, printf('%08x-%05d', h, i % 90000), (h % 100000) / 100.0,
    printf('note %d about %08x: %.*c', i, h * 7 & 4294967295, 20 + h % 90, char(97 + h % 26))
FROM row;
COMMIT;

CREATE INDEX item_owner ON item(owner, price);
CREATE INDEX item_code ON item(code);
CREATE INDEX item_note ON item(note);

SELECT count(*), sum(length(note)) FROM item;
SELECT owner, count(*), round(sum(price), 2), group_concat(code) FROM item WHERE owner % 5000 = 7 GROUP BY owner;
SELECT substr(code, 1, 2) AS k, count(DISTINCT owner), max(note) FROM item GROUP BY k ORDER BY 2 DESC, 1 LIMIT 20;
SELECT count(*) FROM item a JOIN item b ON a.owner = b.owner AND a.id < b.id WHERE a.price > 900;
SELECT json_group_array(code) FROM (SELECT code FROM item ORDER BY note DESC LIMIT 10);
.sha3sum
