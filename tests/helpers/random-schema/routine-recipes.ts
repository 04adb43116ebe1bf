import { quoteLiteral } from "../test-database.ts";
import { condition, type Recipe } from "./recipe.ts";

export const schema: Recipe = (world) => {
  const name = world.name();
  return {
    sql: `CREATE SCHEMA ${name} AUTHORIZATION ${world.dice.pick(world.roles)}`,
    made: () => {
      world.schemas.push(name);
      world.things.push(`SCHEMA ${name}`);
    },
  };
};

export const type: Recipe = (world) => {
  const { dice } = world;
  const name = world.path();
  const fields = Array.from({ length: dice.number(4) }, () => `${world.name()} ${world.type()}`);
  const check =
    world.functions.length > 0
      ? `CHECK (length(VALUE::text) > 0 AND ${dice.pick(world.functions)}(1) IS NOT NULL)`
      : "CHECK (VALUE IS NOT NULL)";
  const [sql, word] = dice.pick([
    [
      `CREATE TYPE ${name} AS ENUM ('a', 'it''s', 'back\\slash', '')${dice.maybe(2, `; ALTER TYPE ${name} ADD VALUE 'between' BEFORE 'it''s'`)}`,
      "TYPE",
    ],
    [`CREATE TYPE ${name} AS (${fields.join(", ")})`, "TYPE"],
    [
      `CREATE DOMAIN ${name} AS ${world.type()}${dice.maybe(3, " NOT NULL")}${dice.maybe(2, ` CONSTRAINT ${world.name()} ${check}`)}`,
      "DOMAIN",
    ],
    [`CREATE DOMAIN ${name} AS ${world.type()}[] ${dice.maybe(2, ` DEFAULT '{}'`)}`, "DOMAIN"],
    [`CREATE TYPE ${name} AS RANGE (SUBTYPE = ${dice.pick(["integer", "text", "numeric", "date"])})`, "TYPE"],
  ] as const);
  return {
    sql,
    made: () => {
      world.types.push(name);
      world.things.push(`${word} ${name}`);
    },
  };
};

export const simpleFunction: Recipe = (world) => {
  const { dice } = world;
  const name = world.path();
  const inner = world.functions.length > 0 && dice.once(2) ? `${dice.pick(world.functions)}(1)` : "1";
  const volatile = dice.pick(["IMMUTABLE", "IMMUTABLE STRICT PARALLEL SAFE", "IMMUTABLE LEAKPROOF COST 7"]);
  const body = dice.pick([
    `LANGUAGE sql ${volatile} AS ${quoteLiteral(`SELECT $1 + ${inner} -- it's $$ \\ odd`)}`,
    `LANGUAGE sql ${volatile} RETURN a + ${inner}`,
    `LANGUAGE sql ${volatile} BEGIN ATOMIC SELECT a; SELECT a + ${inner}; END`,
    `LANGUAGE plpgsql ${volatile} SET search_path = pg_catalog, "odd, path" AS ${quoteLiteral(`BEGIN RETURN a + ${inner}; END`)}`,
  ]);
  return {
    sql: `CREATE FUNCTION ${name}(a integer) RETURNS integer ${body}`,
    made: () => {
      world.functions.push(name);
      world.things.push(`FUNCTION ${name}(integer)`);
    },
  };
};

/** Functions whose arguments, results or bodies need relations and types. */
export const tiedFunction: Recipe = (world) => {
  const { dice } = world;
  const from = world.relation("table", "view", "materialized view", "partitioned");
  if (from === undefined || from.columns.length === 0) return undefined;
  const name = world.path();
  const column = dice.pick(from.columns);
  const {
    sql,
    args,
    word = "FUNCTION",
  } = dice.pick([
    {
      sql: `CREATE FUNCTION ${name}() RETURNS SETOF ${from.name} LANGUAGE sql BEGIN ATOMIC SELECT * FROM ${from.name}; END`,
      args: "",
    },
    {
      sql: `CREATE FUNCTION ${name}(r ${from.name}) RETURNS integer LANGUAGE sql RETURN (SELECT count(*)::integer FROM ${from.name} AS x WHERE ${condition(world, from.columns)})`,
      args: from.name,
    },
    {
      sql: `CREATE FUNCTION ${name}(OUT a integer, INOUT b ${world.type()}, VARIADIC c integer[] DEFAULT '{1,2}') LANGUAGE sql AS 'SELECT 1, $1'`,
      args: undefined,
    },
    {
      sql: `CREATE FUNCTION ${name}(a ${from.name}.${column.name}%TYPE DEFAULT NULL) RETURNS TABLE (b ${world.type()}, c text) LANGUAGE sql ROWS 7 AS 'SELECT NULL, NULL'`,
      args: undefined,
    },
    {
      sql: `CREATE PROCEDURE ${name}(a integer, INOUT b ${world.type()} DEFAULT NULL) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END'`,
      args: undefined,
      word: "PROCEDURE",
    },
    {
      sql: `CREATE AGGREGATE ${name}(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = SAFE)`,
      args: "integer",
      word: "AGGREGATE",
    },
    {
      sql: `CREATE AGGREGATE ${name}(${world.type()} ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA)`,
      args: undefined,
      word: "AGGREGATE",
    },
  ]);
  return {
    sql,
    made: () => {
      if (args !== undefined) world.things.push(`${word} ${name}(${args})`);
    },
  };
};

export const triggerFunction: Recipe = (world) => {
  const name = world.path();
  return {
    sql: `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    made: () => {
      world.triggerFunctions.push(name);
      world.things.push(`FUNCTION ${name}()`);
    },
  };
};
