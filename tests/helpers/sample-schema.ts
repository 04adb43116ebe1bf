/** What a server must know for a statement of the schema; the number of the major that does first. */
interface Since {
  readonly major: number;
  readonly sql: string;
}

/** Foreign keys of every kind, with rows that hang together in circles and chains. */
const parts: readonly Since[] = [
  {
    major: 10,
    sql: `
    CREATE TABLE customers (id int PRIMARY KEY, gone text, name text, boss int REFERENCES customers DEFERRABLE INITIALLY DEFERRED,
      favourite bigint);
    ALTER TABLE customers DROP COLUMN gone;
    CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES customers, placed timestamptz, what text);
    ALTER TABLE customers ADD CONSTRAINT favourite FOREIGN KEY (favourite) REFERENCES orders DEFERRABLE INITIALLY DEFERRED;
    BEGIN;
    INSERT INTO customers SELECT i, 'customer ' || i, NULLIF(i / 2, 0), 1 + i * 7 % 2000 FROM generate_series(1, 1000) i;
    INSERT INTO orders SELECT i, 1 + i * 31 % 1000, timestamptz '2024-01-01 00:00:00Z' + i * interval '1 hour', repeat('x', i % 50)
      FROM generate_series(1, 2000) i;
    COMMIT;
    -- Each refers to the one before: the whole chain comes along.
    CREATE TABLE chain (id int PRIMARY KEY, before int REFERENCES chain);
    INSERT INTO chain SELECT i, NULLIF(i - 1, 0) FROM generate_series(1, 300) i;
    CREATE TABLE places (region text, number int, PRIMARY KEY (region, number));
    INSERT INTO places SELECT 'region ' || i % 7, i FROM generate_series(1, 500) i;
    CREATE TABLE stock (id serial PRIMARY KEY, region text, number int, "place 2 r" text, "place 2 n" int,
      FOREIGN KEY (region, number) REFERENCES places MATCH FULL, FOREIGN KEY ("place 2 r", "place 2 n") REFERENCES places);
    INSERT INTO stock (region, number, "place 2 r", "place 2 n")
      SELECT CASE WHEN i % 3 > 0 THEN 'region ' || i % 7 END, CASE WHEN i % 3 > 0 THEN i END, 'region ' || i % 7,
        CASE WHEN i % 4 > 0 THEN i END FROM generate_series(1, 500) i;
    -- Keys that are not primary, and types that differ.
    CREATE TABLE tags (id bigint PRIMARY KEY, name varchar(20) UNIQUE, code char(5) UNIQUE NOT NULL);
    INSERT INTO tags SELECT i, 'tag ' || i, 'c' || i FROM generate_series(1, 200) i;
    CREATE DOMAIN tag_number AS int CHECK (VALUE > 0);
    CREATE TABLE tagged (name text REFERENCES tags (name), tag tag_number REFERENCES tags (id), code varchar REFERENCES tags (code));
    INSERT INTO tagged SELECT 'tag ' || 1 + i % 200, 1 + i * 3 % 200, 'c' || 1 + i * 7 % 200 FROM generate_series(1, 1000) i;
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE TABLE moods (mood mood PRIMARY KEY);
    INSERT INTO moods VALUES ('sad'), ('ok'), ('happy');
    CREATE TABLE vectors (v int[] PRIMARY KEY, mood mood REFERENCES moods);
    INSERT INTO vectors SELECT ARRAY[i, i + 1], (enum_range(NULL::mood))[1 + i % 3] FROM generate_series(1, 100) i;
    CREATE TABLE with_vectors (v int[] REFERENCES vectors);
    INSERT INTO with_vectors SELECT ARRAY[i, i + 1] FROM generate_series(1, 100) i;
    -- Nothing names its rows, and some are equal.
    CREATE TABLE log (customer int REFERENCES customers, line text);
    INSERT INTO log SELECT 1 + i % 50, 'line ' || i % 300 FROM generate_series(1, 1500) i;
    CREATE TABLE same (a int);
    INSERT INTO same SELECT 1 FROM generate_series(1, 500);
    CREATE TABLE nobody (id int PRIMARY KEY, customer int REFERENCES customers);
    CREATE TABLE no_columns ();
    INSERT INTO no_columns SELECT FROM generate_series(1, 50);
    -- Children are tables of their own; keys are not inherited.
    CREATE TABLE parents (id int PRIMARY KEY, customer int REFERENCES customers);
    CREATE TABLE children (extra text, PRIMARY KEY (id), FOREIGN KEY (customer) REFERENCES customers) INHERITS (parents);
    CREATE TABLE of_parents (parent int REFERENCES parents);
    INSERT INTO parents SELECT i, 1 + i % 1000 FROM generate_series(1, 300) i;
    INSERT INTO children SELECT i, 1 + i % 999, 'child' FROM generate_series(200, 700) i;
    INSERT INTO of_parents SELECT 1 + i % 300 FROM generate_series(1, 300) i;
    CREATE SCHEMA "we""ird; '";
    CREATE TABLE "we""ird; '"."t.a\\b'; DROP" ("i d" int PRIMARY KEY, "ref""" int REFERENCES customers);
    INSERT INTO "we""ird; '"."t.a\\b'; DROP" SELECT i, i FROM generate_series(1, 400) i;
    CREATE TABLE "we""ird; '"."$1" ("x'y" int REFERENCES "we""ird; '"."t.a\\b'; DROP");
    INSERT INTO "we""ird; '"."$1" SELECT 1 + i % 400 FROM generate_series(1, 400) i;
    -- Not valid, and violated.
    CREATE TABLE doubtful (id int PRIMARY KEY, customer int);
    INSERT INTO doubtful SELECT i, i * 2 FROM generate_series(1, 1000) i;
    ALTER TABLE doubtful ADD CONSTRAINT doubt FOREIGN KEY (customer) REFERENCES customers NOT VALID;
    CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) FROM orders GROUP BY customer;
    CREATE SEQUENCE numbers; SELECT setval('numbers', 4711);`,
  },
  {
    major: 12,
    sql: `
    CREATE TABLE events (id int, day date, customer int REFERENCES customers, double int GENERATED ALWAYS AS (id * 2) STORED,
      PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-07-01') PARTITION BY HASH (id);
    CREATE TABLE events_a0 PARTITION OF events_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE events_a1 PARTITION OF events_a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE events_b (old text, day date NOT NULL, customer int, id int NOT NULL, double int GENERATED ALWAYS AS (id * 2) STORED);
    ALTER TABLE events_b DROP COLUMN old;
    ALTER TABLE events ATTACH PARTITION events_b DEFAULT;
    INSERT INTO events SELECT i, date '2024-01-01' + i % 365, 1 + i % 1000 FROM generate_series(1, 3000) i;
    CREATE TABLE notes (id int PRIMARY KEY, event int, day date, previous int REFERENCES notes, FOREIGN KEY (event, day) REFERENCES events)
      PARTITION BY RANGE (id);
    CREATE TABLE notes_1 PARTITION OF notes FOR VALUES FROM (0) TO (500);
    CREATE TABLE notes_2 PARTITION OF notes FOR VALUES FROM (500) TO (5000);
    INSERT INTO notes SELECT i, 1 + i, date '2024-01-01' + (i + 1) % 365, NULLIF(i % 10, 0) FROM generate_series(1, 1000) i;
    CREATE TABLE of_partition (event int, day date, FOREIGN KEY (event, day) REFERENCES events_b (id, day));
    INSERT INTO of_partition SELECT id, day FROM events_b LIMIT 300;
    CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE words (word text COLLATE anycase PRIMARY KEY);
    INSERT INTO words SELECT 'Word' || i FROM generate_series(1, 100) i;
    CREATE TABLE texts (word text COLLATE anycase REFERENCES words);
    INSERT INTO texts SELECT 'wORD' || 1 + i % 100 FROM generate_series(1, 300) i;`,
  },
  {
    major: 18,
    sql: `
    CREATE EXTENSION btree_gist;
    CREATE TABLE prices (item int, during daterange, PRIMARY KEY (item, during WITHOUT OVERLAPS));
    INSERT INTO prices SELECT i % 100, daterange(date '2024-01-01' + 10 * (i / 100), date '2024-01-01' + 10 * (i / 100) + 10)
      FROM generate_series(0, 999) i;
    CREATE TABLE offers (item int, during daterange, FOREIGN KEY (item, PERIOD during) REFERENCES prices (item, PERIOD during));
    INSERT INTO offers SELECT i % 100, daterange(date '2024-01-05' + i % 30, date '2024-01-05' + i % 30 + 25) FROM generate_series(1, 300) i;
    CREATE TABLE loose (id int PRIMARY KEY, customer int REFERENCES customers NOT ENFORCED);
    INSERT INTO loose SELECT i, i * 2 FROM generate_series(1, 1000) i;`,
  },
];

/** The statements that a server of this major understands. */
export function sampleSchema(major: number): string {
  return parts
    .filter((part) => part.major <= major)
    .map(({ sql }) => sql)
    .join("\n");
}
