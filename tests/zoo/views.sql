-- Views, materialized views and the order among them.

CREATE SCHEMA s;
CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b int);
INSERT INTO t VALUES (1, 'x', 2);
CREATE TABLE s.u (id int PRIMARY KEY, t_id int);

CREATE VIEW v1 AS SELECT id, a FROM t;
ALTER VIEW v1 ALTER a SET DEFAULT 'default';
COMMENT ON VIEW v1 IS 'a view';
COMMENT ON COLUMN v1.a IS 'a column';
GRANT SELECT ON v1 TO pg_monitor WITH GRANT OPTION;
CREATE VIEW s.v2 AS SELECT v1.id, v1.a || 'x' AS "Quoted col" FROM v1 JOIN s.u ON u.id = v1.id;
CREATE VIEW barrier WITH (security_barrier=true) AS SELECT * FROM t WHERE b > 3 WITH LOCAL CHECK OPTION;
CREATE VIEW cascaded AS SELECT * FROM t WHERE b > 4 WITH CASCADED CHECK OPTION;
ALTER VIEW barrier OWNER TO pg_monitor;

CREATE VIEW grouped_by_key AS SELECT t.id, t.a, count(u.id) FROM t JOIN s.u ON u.t_id = t.id GROUP BY t.id;
CREATE VIEW of_grouped AS SELECT * FROM grouped_by_key;
CREATE VIEW dummy_of_all_kinds WITH (security_barrier) AS
  SELECT id, a COLLATE "C" AS c, 'x'::varchar(3) AS d FROM t GROUP BY id;
COMMENT ON COLUMN dummy_of_all_kinds.c IS 'a column of a view that is replaced later';
CREATE VIEW circle1 AS SELECT 1 AS x;
CREATE VIEW circle2 AS SELECT x FROM circle1;
CREATE OR REPLACE VIEW circle1 AS SELECT x FROM circle2;
COMMENT ON RULE "_RETURN" ON circle1 IS 'a rule that makes a view';

CREATE MATERIALIZED VIEW filled AS SELECT id, a FROM t;
CREATE UNIQUE INDEX filled_id ON filled (id);
COMMENT ON MATERIALIZED VIEW filled IS 'materialized';
ALTER MATERIALIZED VIEW filled CLUSTER ON filled_id;
ALTER MATERIALIZED VIEW filled ALTER a SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW filled ALTER a SET STATISTICS 7;
GRANT SELECT ON filled TO pg_monitor;
CREATE VIEW between AS SELECT * FROM filled;
CREATE MATERIALIZED VIEW "a first" AS SELECT * FROM between;
CREATE MATERIALIZED VIEW empty WITH (fillfactor=50, toast.autovacuum_enabled=false) AS SELECT * FROM filled WITH NO DATA;
CREATE MATERIALIZED VIEW grouped AS SELECT t.id, t.a, count(*) FROM t GROUP BY t.id;
CREATE INDEX ON grouped (count);
CREATE VIEW of_postponed AS SELECT * FROM grouped;
CREATE MATERIALIZED VIEW emptied AS SELECT * FROM filled;
CREATE MATERIALIZED VIEW of_emptied AS SELECT * FROM emptied;
REFRESH MATERIALIZED VIEW emptied WITH NO DATA;

-- since 15
CREATE VIEW invoker WITH (security_invoker=true) AS SELECT 1 AS one;
