import { describe, test } from "vitest";
import { expectSameAsStock } from "../../../../tests/helpers/compare-with-stock.ts";
import { defaultMajors, type PostgresMajor } from "../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";

const operators = `
  CREATE SCHEMA "Op";
  CREATE FUNCTION same(text, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2::text';
  CREATE FUNCTION same(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::text = $2';
  CREATE FUNCTION differs(text, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> $2::text';
  CREATE FUNCTION negated(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''-'' || $1';
  CREATE OPERATOR "Op".=== (PROCEDURE = same, LEFTARG = text, RIGHTARG = integer, COMMUTATOR = OPERATOR(public.===),
    NEGATOR = <!>, HASHES, MERGES, RESTRICT = eqsel, JOIN = eqjoinsel);
  CREATE OPERATOR === (PROCEDURE = same, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = OPERATOR("Op".===));
  CREATE OPERATOR <!> (PROCEDURE = differs, LEFTARG = text, RIGHTARG = integer);
  CREATE OPERATOR ~~~ (PROCEDURE = negated, RIGHTARG = text);
  COMMENT ON OPERATOR ~~~ (NONE, text) IS 'prefix';
  COMMENT ON OPERATOR "Op".=== (text, integer) IS 'alike';
  CREATE OPERATOR FAMILY "Op"."Fam" USING btree;
  ALTER OPERATOR FAMILY "Op"."Fam" USING btree ADD OPERATOR 1 < (integer, bigint), FUNCTION 1 btint48cmp(integer, bigint);
  COMMENT ON OPERATOR FAMILY "Op"."Fam" USING btree IS 'loose';
  CREATE OPERATOR CLASS backwards FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =,
    OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
  COMMENT ON OPERATOR CLASS backwards USING btree IS 'upside down';
  CREATE OPERATOR CLASS "Op".near FOR TYPE point USING gist FAMILY "Op".near_family AS STORAGE box,
    OPERATOR 15 <->(point, point) FOR ORDER BY float_ops;
  CREATE TABLE sorted (a integer); CREATE INDEX sorted_backwards ON sorted (a backwards);
`.replace(' FAMILY "Op".near_family', "");

const textSearch = `
  CREATE TEXT SEARCH PARSER words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
    LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
  CREATE TEXT SEARCH TEMPLATE as_is (LEXIZE = dsimple_lexize, INIT = dsimple_init);
  CREATE TEXT SEARCH DICTIONARY "Plain" (TEMPLATE = as_is, StopWords = 'english', ACCEPT = 'false');
  CREATE TEXT SEARCH DICTIONARY bare (TEMPLATE = pg_catalog.simple);
  CREATE TEXT SEARCH CONFIGURATION "Conf" (PARSER = words);
  ALTER TEXT SEARCH CONFIGURATION "Conf" ADD MAPPING FOR asciiword, word WITH "Plain", pg_catalog.simple;
  ALTER TEXT SEARCH CONFIGURATION "Conf" ADD MAPPING FOR "int" WITH bare;
  CREATE TEXT SEARCH CONFIGURATION nothing (PARSER = pg_catalog."default");
  COMMENT ON TEXT SEARCH PARSER words IS 'p'; COMMENT ON TEXT SEARCH TEMPLATE as_is IS 't';
  COMMENT ON TEXT SEARCH DICTIONARY "Plain" IS 'd'; COMMENT ON TEXT SEARCH CONFIGURATION "Conf" IS 'c';
`;

const rest = (owner: string, user: string): string => `
  CREATE COLLATION "Coll" (LOCALE = 'C'); COMMENT ON COLLATION "Coll" IS 'plain bytes';
  CREATE COLLATION mixed (LC_COLLATE = 'C', LC_CTYPE = 'POSIX');
  CREATE COLLATION german (PROVIDER = icu, LOCALE = 'de');
  CREATE DOMAIN collated AS text COLLATE "Coll";
  CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; COMMENT ON CONVERSION latin IS 'again';
  CREATE TYPE pair AS (a integer, b integer);
  CREATE FUNCTION pair_of(integer) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1, $1)::pair';
  CREATE CAST (integer AS pair) WITH FUNCTION pair_of(integer) AS ASSIGNMENT;
  CREATE CAST (pair AS text) WITH INOUT AS IMPLICIT;
  CREATE DOMAIN counter AS integer;
  CREATE TYPE other_pair AS (a integer, b integer);
  COMMENT ON CAST (integer AS pair) IS 'twice';
  CREATE FUNCTION to_thing(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'textin';
  CREATE FUNCTION from_thing(internal) RETURNS integer LANGUAGE internal IMMUTABLE AS 'int4in';
  CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION to_thing(internal),
    TO SQL WITH FUNCTION from_thing(internal));
  COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'odd';
  CREATE FUNCTION sum_up(integer) RETURNS integer TRANSFORM FOR TYPE integer LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
  CREATE FUNCTION inline_handler(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
  CREATE TRUSTED LANGUAGE "My Lang" HANDLER handler INLINE inline_handler;
  COMMENT ON LANGUAGE "My Lang" IS 'ours'; GRANT USAGE ON LANGUAGE "My Lang" TO ${user};
  REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
  CREATE FUNCTION am_handler(internal) RETURNS index_am_handler LANGUAGE internal AS 'bthandler';
  CREATE ACCESS METHOD "My AM" TYPE INDEX HANDLER am_handler; COMMENT ON ACCESS METHOD "My AM" IS 'a btree';
  CREATE TABLE facts (a integer, b integer, c text);
  CREATE STATISTICS "Stats" (dependencies) ON a, b FROM facts; COMMENT ON STATISTICS "Stats" IS 's';
  CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER "Any DDL" ON ddl_command_end EXECUTE PROCEDURE on_ddl();
  CREATE EVENT TRIGGER tables_only ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
    EXECUTE PROCEDURE on_ddl();
  ALTER EVENT TRIGGER "Any DDL" DISABLE; ALTER EVENT TRIGGER tables_only ENABLE ALWAYS;
  COMMENT ON EVENT TRIGGER tables_only IS 'watches';
  CREATE PUBLICATION "All" FOR ALL TABLES WITH (publish = 'insert, delete'); COMMENT ON PUBLICATION "All" IS 'p';
  CREATE PUBLICATION few FOR TABLE facts; ALTER PUBLICATION few OWNER TO postgres;
  CREATE SUBSCRIPTION "Sub" CONNECTION 'host=nowhere password=''x''' PUBLICATION p, "Q q"
    WITH (connect = false, slot_name = NONE, synchronous_commit = remote_apply);
  COMMENT ON SUBSCRIPTION "Sub" IS 's';
  CREATE SCHEMA defaults;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${user};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA defaults GRANT USAGE, SELECT ON SEQUENCES TO ${user} WITH GRANT OPTION;
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT USAGE ON TYPES TO ${user};
  ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO ${user};
  CREATE FOREIGN DATA WRAPPER "FDW" OPTIONS (b '2', a 'it''s'); COMMENT ON FOREIGN DATA WRAPPER "FDW" IS 'w';
  GRANT USAGE ON FOREIGN DATA WRAPPER "FDW" TO ${owner};
  CREATE SERVER "Srv" TYPE 'x''y' VERSION '1' FOREIGN DATA WRAPPER "FDW" OPTIONS (host 'h');
  CREATE SERVER bare FOREIGN DATA WRAPPER "FDW"; ALTER SERVER bare OWNER TO ${owner};
  COMMENT ON SERVER "Srv" IS 'server'; GRANT USAGE ON FOREIGN SERVER "Srv" TO ${user};
  CREATE USER MAPPING FOR ${user} SERVER "Srv" OPTIONS (password 'secret', "user" 'me');
  CREATE USER MAPPING FOR PUBLIC SERVER "Srv";
  CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${user};
`;

function newer(major: PostgresMajor): string {
  let sql = "";
  if (major >= 12) sql += "CREATE COLLATION nocase (PROVIDER = icu, LOCALE = 'und', DETERMINISTIC = false);";
  if (major >= 13) {
    sql += 'ALTER STATISTICS "Stats" SET STATISTICS 7; ALTER PUBLICATION few SET (publish_via_partition_root);';
    sql += "CREATE FUNCTION tam(internal) RETURNS table_am_handler LANGUAGE internal AS 'heap_tableam_handler';";
    sql += "CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER tam;";
  }
  if (major >= 14) {
    sql +=
      'CREATE STATISTICS defaults.expr ON (a + b), lower(c) FROM facts; ALTER SUBSCRIPTION "Sub" SET (binary = true);';
  }
  if (major >= 15) {
    sql +=
      "ALTER PUBLICATION few SET TABLE facts (b, a) WHERE (a > 1); CREATE PUBLICATION whole FOR TABLES IN SCHEMA defaults, public;";
    sql += 'ALTER SUBSCRIPTION "Sub" SET (disable_on_error = true);';
  }
  if (major >= 16) sql += "CREATE COLLATION ruled (PROVIDER = icu, LOCALE = 'und', RULES = '&a < g');";
  if (major >= 17) sql += "CREATE COLLATION built (PROVIDER = builtin, LOCALE = 'C.UTF-8');";
  if (major >= 17) sql += 'ALTER SUBSCRIPTION "Sub" SET (origin = none, run_as_owner = true, streaming = parallel);';
  if (major >= 18) sql += "ALTER PUBLICATION few SET (publish_generated_columns = stored);";
  return sql;
}

describe.each(defaultMajors)("the rarer objects of PostgreSQL %i", (major) => {
  test("definitions, comments, owners, privileges and order are stock pg_dump's", async () => {
    await using roles = await withRoles(await sharedServer(major), ["simple owner", "simple user"]);
    const [owner, user] = roles.quoted;
    await using database = await withDatabase(await sharedServer(major));
    try {
      await database.sql(operators);
      await database.sql(textSearch);
      await database.sql(rest(owner!, user!));
      await database.sql(newer(major));
      await expectSameAsStock(database);
    } finally {
      await database.sql('DROP SUBSCRIPTION IF EXISTS "Sub"; DROP EVENT TRIGGER IF EXISTS tables_only');
    }
  });
});
