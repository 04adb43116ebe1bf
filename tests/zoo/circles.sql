-- Objects that need each other, so that one has to be made in two steps.

CREATE TABLE checked_by_row (a int);
CREATE FUNCTION is_good(checked_by_row) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER TABLE checked_by_row ADD CONSTRAINT good CHECK (is_good(checked_by_row.*));
COMMENT ON CONSTRAINT good ON checked_by_row IS 'asks a function about the row';

CREATE TABLE default_by_row (a int, b int);
CREATE FUNCTION next_of(default_by_row) RETURNS int LANGUAGE sql AS 'SELECT 2';
ALTER TABLE default_by_row ALTER b SET DEFAULT next_of(NULL::default_by_row);
INSERT INTO default_by_row (a) VALUES (1);

CREATE VIEW of_function AS SELECT 1 AS a, 'x'::text AS b;
CREATE FUNCTION rows_of() RETURNS SETOF of_function LANGUAGE sql AS 'SELECT 1, ''x''::text';
CREATE OR REPLACE VIEW of_function AS SELECT a, b FROM rows_of();
COMMENT ON VIEW of_function IS 'its rows come from a function that returns its rows';

CREATE VIEW three1 AS SELECT 1 AS x, NULL::numeric(5,2)[] AS y;
CREATE VIEW three2 WITH (security_barrier) AS SELECT * FROM three1;
CREATE VIEW three3 AS SELECT * FROM three2 WHERE x > 0 WITH CASCADED CHECK OPTION;
CREATE OR REPLACE VIEW three1 AS SELECT x, y FROM three3;

CREATE TABLE keyed (id int PRIMARY KEY, a text);
CREATE MATERIALIZED VIEW keyed_rows AS SELECT id, a FROM keyed GROUP BY id;
CREATE UNIQUE INDEX ON keyed_rows (id);
CREATE TYPE with_keyed_row AS (k keyed_rows, n int);
CREATE TABLE has_keyed_rows (k keyed, ks keyed[]);


CREATE SEQUENCE shared_numbers;
CREATE TABLE numbered1 (n int DEFAULT nextval('shared_numbers'));
CREATE TABLE numbered2 (n int DEFAULT nextval('shared_numbers'), m serial);
ALTER SEQUENCE shared_numbers OWNED BY numbered2.n;

-- since 14
CREATE FUNCTION counts_keyed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM keyed GROUP BY id; END;
CREATE FUNCTION name_of(wanted int) RETURNS text LANGUAGE sql RETURN (SELECT a FROM keyed WHERE id = wanted LIMIT 1);
CREATE VIEW names AS SELECT name_of(id) FROM keyed;

-- since 12
CREATE TABLE generated_by_function (a int);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
ALTER TABLE generated_by_function ADD COLUMN b int GENERATED ALWAYS AS (twice(a)) STORED;
