-- Indexes and the constraints that tables have among themselves.

CREATE TABLE circle1 (a int PRIMARY KEY, b int);
CREATE TABLE circle2 (a int PRIMARY KEY, b int REFERENCES circle1 ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, c int);
ALTER TABLE circle1 ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES circle2 NOT VALID;
COMMENT ON CONSTRAINT back ON circle1 IS 'closes the circle';
ALTER TABLE circle1 ADD UNIQUE (a, b) DEFERRABLE;
ALTER TABLE circle2 ADD CONSTRAINT half_full UNIQUE (b) WITH (fillfactor=50);
ALTER TABLE circle1 CLUSTER ON circle1_pkey;
ALTER TABLE circle2 REPLICA IDENTITY USING INDEX circle2_pkey;
INSERT INTO circle1 VALUES (1, NULL);
INSERT INTO circle2 VALUES (1, 1, 1);
UPDATE circle1 SET b = 1;
SET CONSTRAINTS ALL IMMEDIATE;

CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON UPDATE SET NULL);
INSERT INTO tree VALUES (1, NULL), (2, 1);

CREATE TABLE indexed (id int NOT NULL, a text, "Weird ""Name" text, r int4range);
CREATE INDEX expression ON indexed (lower(a)) WHERE id > 5;
COMMENT ON INDEX expression IS 'partial';
CREATE INDEX hashed ON indexed USING hash (a);
CREATE UNIQUE INDEX ordered ON indexed (a DESC NULLS LAST, "Weird ""Name" text_pattern_ops) WITH (fillfactor=60);
CLUSTER indexed USING ordered;
CREATE UNIQUE INDEX identity ON indexed (id);
ALTER TABLE indexed REPLICA IDENTITY USING INDEX identity;
ALTER TABLE indexed ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&) WHERE (id > 0) DEFERRABLE;

-- since 11
CREATE INDEX with_statistics ON indexed ((id + 1), (lower(a)));
ALTER INDEX with_statistics ALTER COLUMN 1 SET STATISTICS 300;
ALTER INDEX with_statistics ALTER COLUMN 2 SET STATISTICS 30;
CREATE INDEX covering ON indexed (id) INCLUDE (a, "Weird ""Name");
ALTER TABLE circle2 ADD CONSTRAINT covering_key UNIQUE (a, b) INCLUDE (c);

-- since 15
CREATE TABLE one_null (a int UNIQUE NULLS NOT DISTINCT, b int);
CREATE UNIQUE INDEX one_null_b ON one_null (b) NULLS NOT DISTINCT;
CREATE TABLE set_some (a int, b int, FOREIGN KEY (a, b) REFERENCES circle2 (a, b) ON DELETE SET NULL (b));

-- since 18
CREATE TABLE temporal (id int4range, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE temporal_reference (id int4range, during daterange,
  FOREIGN KEY (id, PERIOD during) REFERENCES temporal (id, PERIOD during));
CREATE TABLE unenforced_reference (a int REFERENCES circle1 NOT ENFORCED);
