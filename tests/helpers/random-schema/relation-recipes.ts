import { quoteLiteral } from "../test-database.ts";
import { condition, isWhole, type Recipe, remember, schemaLength, whole } from "./recipe.ts";

export const view: Recipe = (world) => {
  const { dice } = world;
  const from = world.relation("table", "view", "partitioned", "materialized view");
  if (from === undefined || from.columns.length === 0) return undefined;
  const name = world.path();
  const other = world.relation("table", "view", "materialized view");
  const made = { name: world.name(), type: "integer" };
  const chosen = dice.some(from.columns, 4);
  const list = [
    ...chosen.map((column) => `a.${column.name}`),
    `${whole(world, from.columns).replaceAll(/^/g, "")} AS ${made.name}`,
  ];
  const joined =
    other === undefined || dice.once(2)
      ? ""
      : ` ${dice.pick(["CROSS", "NATURAL LEFT"])} JOIN (SELECT count(*) AS ${world.name()} FROM ${other.name}) AS ${world.name()}`;
  const query = dice.pick([
    `SELECT ${list.join(", ")} FROM ${from.name} AS a${joined}`,
    `WITH q AS ${dice.maybe(2, "MATERIALIZED ")}(SELECT * FROM ${from.name}) SELECT ${list.join(", ")} FROM q AS a WHERE ${condition(world, from.columns)}`,
    `SELECT ${list.join(", ")} FROM ${from.name} AS a UNION ALL SELECT ${list.join(", ")} FROM ${from.name} AS a`,
    `SELECT DISTINCT ${list.join(", ")} FROM ONLY ${from.name} AS a ORDER BY ${list.length} DESC NULLS LAST LIMIT 5`,
  ]);
  const columns = [...chosen, made];
  if (dice.once(4)) {
    return {
      sql: `CREATE MATERIALIZED VIEW ${name} AS ${query}${dice.maybe(3, " WITH NO DATA")}`,
      made: () => remember(world, { name, kind: "materialized view", columns }, "MATERIALIZED VIEW"),
    };
  }
  const options = dice.pick([
    "",
    "",
    " WITH (security_barrier)",
    " WITH (security_invoker = true)",
    " WITH (check_option = local)",
  ]);
  return {
    sql: `CREATE VIEW ${name}${options} AS ${query}`,
    made: () => remember(world, { name, kind: "view", columns }, "VIEW"),
  };
};

/** A view that needs a function that needs the view. */
export const circle: Recipe = (world) => {
  const from = world.relation("table", "partitioned");
  if (from === undefined || from.columns.length === 0) return undefined;
  const [name, fn] = [world.path(), world.path()];
  const list = from.columns.map((column) => column.name).join(", ");
  return {
    sql: `CREATE VIEW ${name} AS SELECT ${list} FROM ${from.name};
      CREATE FUNCTION ${fn}(${name}) RETURNS SETOF ${name} LANGUAGE sql AS ${quoteLiteral(`SELECT * FROM ${name}`)};
      CREATE OR REPLACE VIEW ${name} AS SELECT ${list} FROM ${from.name} AS a WHERE EXISTS (SELECT FROM ${fn}(NULL))`,
    made: () => {
      remember(world, { name, kind: "view", columns: from.columns }, "VIEW");
      world.things.push(`FUNCTION ${fn}(${name})`);
    },
  };
};

export const index: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "partitioned", "materialized view");
  if (on === undefined || on.columns.length === 0) return undefined;
  const name = world.name();
  const method = dice.pick(["btree", "btree", "btree", "hash", "brin"]);
  const keys = dice.once(3)
    ? [`(${whole(world, on.columns)})`]
    : dice.some(on.columns, method === "btree" ? 3 : 1).map((column) => column.name);
  const order = method === "btree" ? dice.pick(["", " DESC", " NULLS FIRST"]) : "";
  const include = method === "btree" && dice.once(4) ? ` INCLUDE (${dice.pick(on.columns).name})` : "";
  const where = dice.once(4) ? ` WHERE ${condition(world, on.columns)}` : "";
  const unique = method === "btree" && dice.once(3);
  const sql = `CREATE ${unique ? "UNIQUE " : ""}INDEX ${name} ON ${dice.maybe(6, "ONLY ")}${on.name} USING ${method} (${keys.map((key) => key + order).join(", ")})${include}${unique ? dice.maybe(3, " NULLS NOT DISTINCT") : ""}${where}`;
  const path = `${on.name.slice(0, schemaLength(on.name))}.${name}`;
  return {
    sql:
      sql +
      dice.maybe(6, `; ALTER TABLE ${on.name} CLUSTER ON ${name}`) +
      dice.maybe(6, `; ALTER TABLE ${on.name} REPLICA IDENTITY USING INDEX ${name}`),
    made: () => world.things.push(`INDEX ${path}`),
  };
};

export const trigger: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "partitioned", "view");
  if (on === undefined || world.triggerFunctions.length === 0 || on.columns.length === 0) return undefined;
  const name = world.name();
  const column = dice.pick(on.columns).name;
  const run = `EXECUTE FUNCTION ${dice.pick(world.triggerFunctions)}(${dice.maybe(
    2,
    `'it''s', 'back\\slash', 'new
line', ''`,
  )})`;
  const sql = dice.pick([
    `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE OF ${column} ON ${on.name} FOR EACH ROW WHEN (NEW.${column} IS NOT NULL) ${run}`,
    `CREATE TRIGGER ${name} AFTER UPDATE ON ${on.name} REFERENCING OLD TABLE AS ${world.name()} NEW TABLE AS n FOR EACH STATEMENT ${run}`,
    `CREATE CONSTRAINT TRIGGER ${name} AFTER DELETE ON ${on.name} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW ${run}`,
    `CREATE TRIGGER ${name} INSTEAD OF INSERT ON ${on.name} FOR EACH ROW ${run}`,
    `CREATE TRIGGER ${name} AFTER INSERT ON ${on.name} FOR EACH ROW ${run}`,
  ]);
  const state = dice.once(3)
    ? `; ALTER TABLE ${dice.maybe(2, "ONLY ")}${on.name} ${dice.pick(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])} TRIGGER ${name}`
    : "";
  return { sql: sql + state, made: () => world.things.push(`TRIGGER ${name} ON ${on.name}`) };
};

export const rule: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "view");
  const to = world.relation("table");
  if (on === undefined || to === undefined || on.columns.length === 0) return undefined;
  const name = world.name();
  const sql = `CREATE RULE ${name} AS ON ${dice.pick(["INSERT", "UPDATE", "DELETE"])} TO ${on.name}${dice.maybe(2, ` WHERE ${dice.pick(["OLD", "NEW"])}.${dice.pick(on.columns).name} IS NULL`)} DO ${dice.pick(["ALSO", "INSTEAD"])} ${dice.pick(["NOTHING", `DELETE FROM ${to.name}`, `(NOTIFY x; INSERT INTO ${to.name} DEFAULT VALUES)`, `SELECT * FROM ${on.name}`])}`;
  return {
    sql: sql + dice.maybe(4, `; ALTER TABLE ${on.name} DISABLE RULE ${name}`),
    made: () => world.things.push(`RULE ${name} ON ${on.name}`),
  };
};

export const policy: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "partitioned");
  if (on === undefined || on.columns.length === 0) return undefined;
  const name = world.name();
  const sql = `CREATE POLICY ${name} ON ${on.name} AS ${dice.pick(["PERMISSIVE", "RESTRICTIVE"])} FOR ${dice.pick(["ALL", "SELECT", "UPDATE"])} TO ${dice.pick(["PUBLIC", ...world.roles])} USING (${condition(world, on.columns)})`;
  return {
    sql: sql + dice.maybe(2, `; ALTER TABLE ${on.name} ${dice.pick(["ENABLE", "FORCE"])} ROW LEVEL SECURITY`),
    made: () => world.things.push(`POLICY ${name} ON ${on.name}`),
  };
};

export const sequence: Recipe = (world) => {
  const { dice } = world;
  const name = world.path();
  const owner = dice.once(2) ? world.relation("table", "foreign table") : undefined;
  const owned =
    owner === undefined || owner.columns.length === 0 ? "" : ` OWNED BY ${owner.name}.${dice.pick(owner.columns).name}`;
  const sql = `CREATE ${dice.maybe(8, "UNLOGGED ")}SEQUENCE ${name} AS ${dice.pick(["smallint", "integer", "bigint"])} ${dice.pick(["", "INCREMENT -5 MINVALUE -100 MAXVALUE 200 START 7 CYCLE", "CACHE 9"])}${owned}`;
  return {
    sql: sql + dice.maybe(2, `; SELECT nextval(${quoteLiteral(name)})`),
    made: () => {
      world.sequences.push(name);
      world.things.push(`SEQUENCE ${name}`);
    },
  };
};

export const statistics: Recipe = (world) => {
  const { dice } = world;
  const on = world.relation("table", "partitioned", "materialized view");
  if (on === undefined || on.columns.length < 2) return undefined;
  const name = world.path();
  const what = dice.once(2)
    ? dice.some(on.columns, 3).map((column) => column.name)
    : [`(${whole(world, on.columns)})`, dice.pick(on.columns).name];
  return {
    sql: `CREATE STATISTICS ${name} ${dice.pick(["", "(ndistinct)", "(mcv, dependencies)"])} ON ${what.join(", ")} FROM ${on.name}${dice.maybe(3, `; ALTER STATISTICS ${name} SET STATISTICS 77`)}`,
    made: () => world.things.push(`STATISTICS ${name}`),
  };
};

export const foreignTable: Recipe = (world) => {
  const { dice } = world;
  const [name, wrapper] = [world.path(), world.name()];
  const columns = [
    { name: world.name(), type: "integer" },
    { name: world.name(), type: world.type() },
  ];
  const parent = dice.once(3) ? world.relation("partitioned") : undefined;
  const shape =
    parent === undefined
      ? `(${columns.map((column) => `${column.name} ${column.type} OPTIONS (o 'it''s')`).join(", ")})`
      : `PARTITION OF ${parent.name} DEFAULT`;
  return {
    sql: `CREATE FOREIGN DATA WRAPPER ${wrapper}; CREATE SERVER ${wrapper} FOREIGN DATA WRAPPER ${wrapper}; CREATE FOREIGN TABLE ${name} ${shape} SERVER ${wrapper} OPTIONS (x '\\')`,
    made: () => remember(world, { name, kind: "foreign table", columns: parent?.columns ?? columns }, "FOREIGN TABLE"),
  };
};

export const viewDefault: Recipe = (world) => {
  const on = world.relation("view");
  if (on === undefined) return undefined;
  const { dice } = world;
  const column = dice.pick(on.columns);
  return {
    sql: dice.pick([
      `ALTER VIEW ${on.name} ALTER ${column.name} SET DEFAULT ${isWhole(column) && world.functions.length > 0 ? `${dice.pick(world.functions)}(5)` : "NULL"}`,
      `ALTER VIEW ${on.name} RENAME COLUMN ${column.name} TO ${world.name()}`,
      `ALTER VIEW ${on.name.slice(0, schemaLength(on.name))}${on.name.slice(schemaLength(on.name))} SET (security_barrier = true)`,
    ]),
  };
};
