-- A database in memory: rows made, indexed, joined, changed, sorted.
PRAGMA temp_store = MEMORY;
CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, price REAL);
CREATE TABLE sale(id INTEGER PRIMARY KEY, part INTEGER, amount INTEGER, note TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
INSERT INTO part SELECT i, printf('part %06d of %d', i * 7919 % 120011, i % 97), i % 97, i * 31 % 1009 / 7.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
INSERT INTO sale SELECT i, i * 48271 % 120000 + 1, i % 13, 'sold ' || (i * 69621 % 1000) FROM n;
COMMIT;
CREATE INDEX by_name ON part(name);
CREATE INDEX by_part ON sale(part, amount);
SELECT kind, count(*), round(sum(price * amount), 2) FROM sale JOIN part ON part.id = sale.part GROUP BY kind ORDER BY 3 DESC LIMIT 5;
UPDATE sale SET note = upper(note) || '!' WHERE amount > 6;
SELECT note, count(*) FROM sale GROUP BY note ORDER BY 2 DESC, 1 LIMIT 5;
SELECT count(DISTINCT substr(name, 6, 4)) FROM part WHERE name LIKE '%7%';
DELETE FROM sale WHERE part % 3 = 0;
SELECT group_concat(name, ', ') FROM (SELECT name FROM part ORDER BY price, name LIMIT 3);
SELECT count(*), sum(length(note)) FROM sale;
