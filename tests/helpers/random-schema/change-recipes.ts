import { quoteLiteral } from "../test-database.ts";
import { isWhole, type Recipe } from "./recipe.ts";

export const alter: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "partitioned");
  if (on === undefined || on.columns.length === 0) return undefined;
  const column = dice.pick(on.columns);
  const at = world.relations.indexOf(on);
  const put = (columns: typeof on.columns) => () => {
    world.relations[at] = { ...on, columns };
  };
  const others = on.columns.filter((one) => one !== column);
  const added = { name: world.name(), type: world.type() };
  const renamed = { name: world.name(), type: column.type };
  const parent = world.relation("table") ?? on;
  return dice.pick([
    { sql: `ALTER TABLE ${on.name} DROP COLUMN ${column.name}${dice.maybe(3, " CASCADE")}`, made: put(others) },
    { sql: `ALTER TABLE ${on.name} ADD COLUMN ${added.name} ${added.type}`, made: put([...on.columns, added]) },
    { sql: `ALTER TABLE ${on.name} RENAME COLUMN ${column.name} TO ${renamed.name}`, made: put([...others, renamed]) },
    {
      sql: `ALTER TABLE ${dice.maybe(2, "ONLY ")}${on.name} ALTER ${column.name} SET DEFAULT ${isWhole(column) && world.functions.length > 0 ? `${dice.pick(world.functions)}(5)` : "NULL"}`,
    },
    { sql: `ALTER TABLE ${on.name} ALTER ${column.name} DROP DEFAULT` },
    { sql: `ALTER TABLE ${dice.maybe(3, "ONLY ")}${on.name} ALTER ${column.name} SET NOT NULL` },
    { sql: `ALTER TABLE ${dice.maybe(3, "ONLY ")}${on.name} ALTER ${column.name} DROP NOT NULL` },
    { sql: `ALTER TABLE ${dice.maybe(3, "ONLY ")}${on.name} ALTER ${column.name} SET STATISTICS ${dice.number(100)}` },
    { sql: `ALTER TABLE ${on.name} ALTER ${column.name} SET STORAGE ${dice.pick(["MAIN", "EXTERNAL", "PLAIN"])}` },
    { sql: `ALTER TABLE ${on.name} ALTER ${column.name} SET (n_distinct = -0.5, n_distinct_inherited = 7)` },
    {
      sql: `ALTER TABLE ${on.name} ALTER ${column.name} TYPE ${dice.pick(["text", "bigint", 'text COLLATE "C"'])} USING NULL`,
    },
    { sql: `ALTER TABLE ${on.name} INHERIT ${parent.name}` },
    { sql: `ALTER TABLE ${on.name} NO INHERIT ${parent.name}` },
    { sql: `ALTER TABLE ${on.name} REPLICA IDENTITY ${dice.pick(["FULL", "NOTHING"])}` },
    {
      sql: `ALTER TABLE ${on.name} ALTER ${column.name} ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME ${world.path()})`,
    },
    { sql: `ALTER TABLE ${on.name} SET ${dice.pick(["UNLOGGED", "LOGGED", "(parallel_workers = 3)"])}` },
    {
      sql: `ALTER TABLE ${on.name} SET SCHEMA ${dice.pick(world.schemas)}`,
      made: () => {
        world.relations.splice(at, 1);
      },
    },
    {
      sql: `ALTER TABLE ${on.name} RENAME TO ${world.name()}`,
      made: () => {
        world.relations.splice(at, 1);
      },
    },
    {
      sql: `DROP TABLE ${on.name}`,
      made: () => {
        world.relations.splice(at, 1);
      },
    },
  ] as const);
};

export const rows: Recipe = (world) => {
  const into = world.relation("table", "partitioned");
  if (into === undefined) return undefined;
  const values = into.columns.filter(isWhole);
  const named = values.length > 0 && world.dice.once(2);
  return {
    sql: named
      ? `INSERT INTO ${into.name} (${values.map((column) => column.name).join(", ")}) SELECT ${values.map(() => `g * ${world.dice.number(5)}`).join(", ")} FROM generate_series(1, 4) g`
      : `INSERT INTO ${into.name} DEFAULT VALUES`,
  };
};

export const comment: Recipe = ({ things, dice }) =>
  things.length === 0
    ? undefined
    : {
        sql: `COMMENT ON ${dice.pick(things)} IS ${quoteLiteral(dice.pick(["plain", "it's \\ odd\n-- line\n\\restrict x", "表"]))}`,
      };

export const columnComment: Recipe = (world) => {
  const on = world.relation("table", "view", "materialized view", "partitioned", "foreign table");
  return on === undefined || on.columns.length === 0
    ? undefined
    : { sql: `COMMENT ON COLUMN ${on.name}.${world.dice.pick(on.columns).name} IS 'column''s'` };
};

export const owner: Recipe = ({ things, dice, roles }) =>
  things.length === 0 ? undefined : { sql: `ALTER ${dice.pick(things)} OWNER TO ${dice.pick(roles)}` };

export const privileges: Recipe = (world) => {
  const { dice, roles, things } = world;
  const thing = dice
    .pick(things.length === 0 ? ["SCHEMA public"] : things)
    .replace(/^(VIEW|MATERIALIZED VIEW|FOREIGN TABLE) /, "TABLE ")
    .replace(/^(AGGREGATE) /, "FUNCTION ");
  const on = world.relation("table", "view");
  const who = dice.pick(["PUBLIC", ...roles]);
  const verb = (word: string): string =>
    dice.once(3)
      ? `REVOKE ${word} FROM ${dice.pick(["PUBLIC", ...roles])}`
      : `GRANT ${word} TO ${who}${who === "PUBLIC" ? "" : dice.maybe(2, " WITH GRANT OPTION")}`;
  const statement =
    on === undefined || on.columns.length === 0 || dice.once(2)
      ? verb(`ALL ON ${thing}`)
      : verb(
          `${dice.pick([`SELECT (${dice.pick(on.columns).name})`, "SELECT, INSERT", "TRUNCATE", `UPDATE (${dice.pick(on.columns).name}), DELETE`])} ON ${on.name}`,
        );
  return { sql: dice.once(3) ? `SET ROLE ${dice.pick(roles)}; ${statement}` : statement };
};

export const defaultPrivileges: Recipe = ({ dice, roles, schemas }) => ({
  sql: `ALTER DEFAULT PRIVILEGES FOR ROLE ${dice.pick(roles)}${dice.maybe(2, ` IN SCHEMA ${dice.pick(schemas)}`)} ${dice.pick(["GRANT SELECT ON TABLES TO", "REVOKE ALL ON FUNCTIONS FROM", "GRANT ALL ON TYPES TO", "REVOKE USAGE ON TYPES FROM", "GRANT USAGE ON SEQUENCES TO"])} ${dice.pick(["PUBLIC", ...roles])}`,
});

export const publication: Recipe = (world) => {
  const { dice } = world;
  const name = world.name();
  const on = world.relation("table", "partitioned");
  if (on === undefined || on.columns.length === 0) return undefined;
  const columns = dice.maybe(3, ` (${dice.pick(on.columns).name})`);
  const what = dice.pick([
    `FOR TABLE ${dice.maybe(2, "ONLY ")}${on.name}${columns}${dice.maybe(2, ` WHERE (${dice.pick(on.columns).name} IS NOT NULL)`)}`,
    `FOR TABLES IN SCHEMA ${dice.pick(world.schemas)}`,
    "FOR ALL TABLES",
    "",
  ]);
  return {
    sql: `CREATE PUBLICATION ${name} ${what}${dice.maybe(3, " WITH (publish = 'insert, truncate', publish_via_partition_root)")}`,
    made: () => world.things.push(`PUBLICATION ${name}`),
  };
};

export const eventTrigger: Recipe = (world) => {
  const [name, fn] = [world.name(), world.path()];
  return {
    sql: `CREATE FUNCTION ${fn}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER ${name} ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ${fn}()${world.dice.maybe(2, `; ALTER EVENT TRIGGER ${name} DISABLE`)}`,
    made: () => world.things.push(`EVENT TRIGGER ${name}`, `FUNCTION ${fn}()`),
  };
};

export const rare: Recipe = (world) => {
  const { dice } = world;
  const [path, name, fn] = [world.path(), world.name(), dice.pick(["int4pl", ...world.functions])];
  const types = dice.some(["integer", "bigint", "date", "text", "numeric", "boolean", ...world.types], 2);
  const [sql, thing] = dice.pick([
    [
      `CREATE OPERATOR ${dice.pick(world.schemas)}.${dice.pick(["===", "!@#", "~~~>", "+-@"])} (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer${dice.maybe(2, ", COMMUTATOR = OPERATOR(pg_catalog.+)")})`,
      undefined,
    ],
    [`CREATE OPERATOR FAMILY ${path} USING btree`, `OPERATOR FAMILY ${path} USING btree`],
    [
      `CREATE OPERATOR CLASS ${path} FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btint4cmp(integer, integer)`,
      `OPERATOR CLASS ${path} USING btree`,
    ],
    [`CREATE CAST (${types[0]} AS ${types[1] ?? "date"}) WITH INOUT${dice.maybe(2, " AS ASSIGNMENT")}`, undefined],
    [
      `CREATE COLLATION ${path} (PROVIDER = icu, LOCALE = 'de-u-co-phonebk'${dice.maybe(2, ", DETERMINISTIC = false")})`,
      `COLLATION ${path}`,
    ],
    [
      `CREATE TEXT SEARCH DICTIONARY ${path} (TEMPLATE = simple, STOPWORDS = english)`,
      `TEXT SEARCH DICTIONARY ${path}`,
    ],
    [`CREATE TEXT SEARCH CONFIGURATION ${path} (COPY = german)`, `TEXT SEARCH CONFIGURATION ${path}`],
    [`CREATE CONVERSION ${path} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`, `CONVERSION ${path}`],
    [
      `CREATE FOREIGN DATA WRAPPER ${name} OPTIONS ("odd ""name" 'it''s'); CREATE SERVER ${name} TYPE 'a''b' VERSION '1' FOREIGN DATA WRAPPER ${name}; CREATE USER MAPPING FOR ${dice.pick(["PUBLIC", ...world.roles])} SERVER ${name} OPTIONS (password 'sec''ret')`,
      `SERVER ${name}`,
    ],
    [`CREATE ACCESS METHOD ${name} TYPE INDEX HANDLER bthandler`, `ACCESS METHOD ${name}`],
    [`SELECT lo_from_bytea(${20000 + dice.number(9999)}, '\\x0102'::bytea)`, undefined],
    [
      `CREATE EXTENSION IF NOT EXISTS ${dice.pick(["hstore", "citext", "ltree", "pg_trgm", "btree_gist"])} SCHEMA ${dice.pick(world.schemas)}`,
      undefined,
    ],
    [`ALTER FUNCTION ${fn}(integer) DEPENDS ON EXTENSION hstore`, undefined],
    [`ALTER EXTENSION hstore ADD ${dice.pick(world.things.length === 0 ? ["SCHEMA x"] : world.things)}`, undefined],
    [
      `GRANT EXECUTE ON FUNCTION pg_catalog.${dice.pick(["pg_sleep(double precision)", "pg_reload_conf()", "lo_get(oid)"])} TO ${dice.pick(world.roles)}`,
      undefined,
    ],
  ] as const);
  return { sql, ...(thing === undefined ? {} : { made: () => world.things.push(thing) }) };
};
