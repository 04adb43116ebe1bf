import { describe, test } from "vitest";
import { expectSameAsStock } from "../../../../../tests/helpers/compare-with-stock.ts";
import { defaultMajors, type PostgresMajor } from "../../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../../tests/helpers/test-roles.ts";

const functions = `
  SET check_function_bodies = off;
  CREATE SCHEMA "Fn";
  CREATE FUNCTION add(a integer, b integer DEFAULT 7, OUT c integer) LANGUAGE sql IMMUTABLE STRICT LEAKPROOF
    PARALLEL SAFE COST 10 AS $$ SELECT a + b $$;
  COMMENT ON FUNCTION add(integer, integer) IS 'adds';
  CREATE FUNCTION "Fn"."Odd ""name"""("A a" text, VARIADIC rest text[]) RETURNS SETOF text LANGUAGE plpgsql STABLE
    SECURITY DEFINER ROWS 42 PARALLEL RESTRICTED
    SET search_path TO 'Fn', 'pg_temp', '', '$user' SET work_mem TO '64MB' SET "my.own" TO 'it''s \\ so'
    AS $_$ BEGIN RETURN NEXT $$x$$ || 'tr"ès \\'; RETURN; END $_$;
  CREATE FUNCTION overload(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION overload(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION overload(integer, text[]) RETURNS TABLE (x integer, "Y" text) LANGUAGE sql AS 'SELECT 1, ''y''::text';
  CREATE FUNCTION overload() RETURNS void LANGUAGE sql AS $$ SELECT '$_$ $_X$'::text; $$;
  CREATE FUNCTION from_c(internal) RETURNS void LANGUAGE c IMMUTABLE COST 5
    AS '$libdir/plpgsql', 'plpgsql_inline_handler';
  CREATE FUNCTION plpgsql_validator(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql';
  CREATE FUNCTION same_name(text) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'upper';
  CREATE FUNCTION "window"() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
  CREATE TYPE thing AS (a integer);
  CREATE FUNCTION things(thing, thing[]) RETURNS SETOF thing LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION a_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION cheap() RETURNS integer LANGUAGE sql COST 0.5 SET search_path = '' AS 'SELECT 1';
  CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = safe,
    COMBINEFUNC = int4pl);
  COMMENT ON AGGREGATE total(integer) IS 'sums up';
  CREATE AGGREGATE count_all(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
  CREATE AGGREGATE smallest(text) (SFUNC = text_smaller, STYPE = text, SORTOP = <);
  CREATE AGGREGATE moving(double precision) (SFUNC = float8pl, STYPE = float8, MSFUNC = float8pl, MINVFUNC = float8mi,
    MSTYPE = float8, SSPACE = 16, MSSPACE = 32, MINITCOND = '0');
  CREATE AGGREGATE average(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg,
    COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize,
    PARALLEL = restricted);
  CREATE AGGREGATE "Fn".middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
  CREATE AGGREGATE "Fn".my_rank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi,
    STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
  CREATE FUNCTION append_any(anyarray, anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT $1 || $2';
  CREATE AGGREGATE array_of(anyelement) (SFUNC = append_any, STYPE = anyarray, INITCOND = '{}');
`;

/** A base type over functions in C that exist in every server, and a function over it. */
const baseType = `
  CREATE TYPE raw;
  CREATE FUNCTION raw_in(cstring) RETURNS raw LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION raw_out(raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, CATEGORY = 'S', PREFERRED = true, DEFAULT = 'x''y',
    COLLATABLE = true, STORAGE = extended, DELIMITER = ';');
  CREATE FUNCTION raw_length(raw) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'textlen';
  CREATE TYPE fixed;
  CREATE FUNCTION fixed_in(cstring) RETURNS fixed LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
  CREATE FUNCTION fixed_out(fixed) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
  CREATE FUNCTION fixed_recv(internal) RETURNS fixed LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
  CREATE FUNCTION fixed_send(fixed) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int4send';
  CREATE TYPE fixed (INPUT = fixed_in, OUTPUT = fixed_out, RECEIVE = fixed_recv, SEND = fixed_send,
    INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4);
  CREATE TYPE steps;
  CREATE FUNCTION steps_canonical(steps) RETURNS steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
  CREATE TYPE steps AS RANGE (SUBTYPE = integer, CANONICAL = steps_canonical);
`;

function newerFunctions(major: PostgresMajor): string {
  let sql = "";
  if (major >= 11) {
    sql += `
      CREATE PROCEDURE "Fn".work(INOUT a integer, b text DEFAULT 'x') LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
      COMMENT ON PROCEDURE "Fn".work(integer, text) IS 'works';
      CREATE AGGREGATE shared(integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = int4abs,
        FINALFUNC_MODIFY = SHAREABLE);`;
  }
  if (major >= 12)
    sql +=
      "CREATE FUNCTION supported(text) RETURNS text LANGUAGE sql SUPPORT generate_series_int4_support AS 'SELECT $1';";
  if (major >= 14) {
    sql += `
      CREATE FUNCTION standard(a integer) RETURNS integer LANGUAGE sql RETURN a + 1;
      CREATE PROCEDURE atomic(a integer, OUT b integer) LANGUAGE sql
        BEGIN ATOMIC SELECT 'x'';y'::text; SELECT standard(a); END;`;
  }
  return sql;
}

describe.each(defaultMajors)("routines of PostgreSQL %i", (major) => {
  test("definitions, comments, owners, privileges and order are stock pg_dump's", async () => {
    await using roles = await withRoles(await sharedServer(major), ["routines_owner", "routines_caller"]);
    const [owner, caller] = roles.quoted;
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(functions);
    await database.sql(baseType);
    await database.sql(newerFunctions(major));
    await database.sql(`
      ALTER FUNCTION add(integer, integer) OWNER TO ${owner};
      REVOKE ALL ON FUNCTION add(integer, integer) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION add(integer, integer) TO ${caller} WITH GRANT OPTION;
      GRANT EXECUTE ON FUNCTION count_all() TO ${caller};
      GRANT EXECUTE ON FUNCTION "Fn".middle(float8, anyelement) TO ${caller};
      REVOKE ALL ON FUNCTION pg_catalog.now() FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO ${caller};
    `);
    await expectSameAsStock(database);
  });
});
