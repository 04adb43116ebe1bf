-- Partitioned tables, their indexes, keys and triggers.

CREATE SCHEMA elsewhere;

CREATE TABLE by_range (a int, b text, c int NOT NULL DEFAULT 5, CHECK (a > 0)) PARTITION BY RANGE (a);
CREATE TABLE range1 PARTITION OF by_range FOR VALUES FROM (1) TO (10);
CREATE TABLE range2 (c int NOT NULL, b text, a int, CONSTRAINT by_range_a_check CHECK (a > 0));
ALTER TABLE by_range ATTACH PARTITION range2 FOR VALUES FROM (10) TO (MAXVALUE);
INSERT INTO by_range (a) VALUES (5), (50);
COMMENT ON TABLE range1 IS 'a partition';

CREATE TABLE by_list (a int, b text) PARTITION BY LIST (lower(b));
CREATE TABLE elsewhere.list1 PARTITION OF by_list FOR VALUES IN ('a', 'b', NULL) PARTITION BY RANGE (a);
CREATE TABLE list11 PARTITION OF elsewhere.list1 FOR VALUES FROM (0) TO (5);
INSERT INTO by_list VALUES (1, 'a');
CREATE TABLE no_partitions (a int) PARTITION BY LIST (a);

-- since 11
CREATE TABLE list_other PARTITION OF by_list DEFAULT;
CREATE TABLE by_hash (a int) PARTITION BY HASH (a);
CREATE TABLE hash0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TABLE by_enum_hash (c color, v int) PARTITION BY HASH (c);
CREATE TABLE enum_hash0 PARTITION OF by_enum_hash FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY LIST (v);
CREATE TABLE enum_hash00 PARTITION OF enum_hash0 FOR VALUES IN (1, 2);
INSERT INTO by_enum_hash VALUES ('red', 1);

-- since 11
ALTER TABLE by_range ADD PRIMARY KEY (a);
CREATE INDEX on_all ON by_range (b);
CREATE INDEX on_some ON ONLY by_range (c);
CREATE INDEX on_range1 ON range1 (c);
ALTER INDEX on_some ATTACH PARTITION on_range1;
COMMENT ON INDEX on_all IS 'partitioned';
CREATE UNIQUE INDEX on_nothing ON no_partitions (a);

CREATE TABLE referenced (id int PRIMARY KEY);
INSERT INTO referenced VALUES (5);

-- since 11
ALTER TABLE by_range ADD CONSTRAINT refers FOREIGN KEY (c) REFERENCES referenced;

-- since 12
CREATE TABLE refers_to_partitioned (x int REFERENCES by_range);

-- since 11
CREATE TRIGGER for_all AFTER UPDATE ON by_range FOR EACH ROW EXECUTE PROCEDURE suppress_redundant_updates_trigger();
ALTER TABLE range1 DISABLE TRIGGER for_all;
ALTER TABLE range2 ENABLE ALWAYS TRIGGER for_all;
CREATE TRIGGER own BEFORE UPDATE ON range2 FOR EACH ROW EXECUTE PROCEDURE suppress_redundant_updates_trigger();

-- since 17
CREATE TABLE with_identity (a int, i int GENERATED ALWAYS AS IDENTITY) PARTITION BY LIST (a);
CREATE TABLE with_identity1 PARTITION OF with_identity FOR VALUES IN (1);
