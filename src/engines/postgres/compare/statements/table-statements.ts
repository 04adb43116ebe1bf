import {
  type Aspects,
  type Change,
  type Context,
  commented,
  partAndWhole,
  partsOf,
  type Statement,
  toldDifference,
} from "./change.ts";

/** `SET (...)` and `RESET (...)` that make one list of options of another. */
export function optionStatements(alter: string, wanted = "", found = "", prefix = ""): Statement[] {
  const [give, has] = [readOptions(wanted), readOptions(found)];
  const set = [...give].filter(([name, value]) => has.get(name) !== value);
  const reset = [...has.keys()].filter((name) => !give.has(name));
  return [
    ...(set.length === 0
      ? []
      : [
          `${alter} set (${set.map(([name, value]) => `${prefix}${name} = '${value.replaceAll("'", "''")}'`).join(", ")})`,
        ]),
    ...(reset.length === 0 ? [] : [`${alter} reset (${reset.map((name) => prefix + name).join(", ")})`]),
  ];
}

function readOptions(list: string): Map<string, string> {
  const items = list === "" ? [] : list.split(/, (?=[\w.]+=)/);
  return new Map(items.map((item) => [item.slice(0, item.indexOf("=")), item.slice(item.indexOf("=") + 1)]));
}

const relationWords: Readonly<Record<string, string>> = {
  table: "table",
  view: "view",
  "materialized view": "materialized view",
  "foreign table": "foreign table",
};

/** Changes of a table, view or materialized view that both sides have. */
export function relationStatements(change: Change, aspect: string): Statement[] {
  const { kind, name, wanted, found } = change;
  const alter = `alter ${relationWords[kind]} ${name}`;
  const [give, has] = [wanted!.get(aspect), found!.get(aspect)];
  switch (aspect) {
    case "options":
      return optionStatements(alter, give, has);
    case "options of the toast table":
      return optionStatements(alter, give, has, "toast.");
    case "persistence":
      if (give !== "u") return [`${alter} set logged`];
      return [commented(`the rows of ${kind} ${name} would be gone after a crash:`, `${alter} set unlogged`)];
    case "row security":
      return [`${alter} ${give === undefined ? "disable" : "enable"} row level security`];
    case "forced row security":
      return [`${alter} ${give === undefined ? "no force" : "force"} row level security`];
    case "replica identity":
      return [`${alter} replica identity ${replicaIdentity(give)}`];
    case "populated":
      return [`refresh materialized view ${name}${give === "true" ? "" : " with no data"}`];
    case "definition":
      if (kind === "view") return [`create or replace view ${name} as\n${give!.replace(/;$/, "")}`];
      return [toldDifference(change, aspect)];
    default:
      return [toldDifference(change, aspect)];
  }
}

function replicaIdentity(value: string | undefined): string {
  if (value === undefined) return "default";
  if (value.startsWith("index ")) return `using index "${value.slice(6).replaceAll('"', '""')}"`;
  return value === "f" ? "full" : "nothing";
}

/** A table, view or materialized view that only A has. Its constraints, indexes and triggers have statements of their own. */
export function createRelation({ kind, name, wanted }: Change, context: Context): Statement[] {
  const definition = wanted!.get("definition")?.replace(/;$/, "");
  const options = wanted!.get("options");
  const withOptions = options === undefined ? "" : ` with (${optionList(options)})`;
  if (kind === "view") return [`create view ${name}${withOptions} as\n${definition}`];
  if (kind === "materialized view") {
    const data = wanted!.get("populated") === "true" ? "" : "\nwith no data";
    return [`create materialized view ${name}${withOptions} as\n${definition}${data}`];
  }
  if (kind !== "table" || wanted!.has("of type") || wanted!.has("access method") || wanted!.has("with oids")) {
    return [commented(`${kind} ${name} is only in A, and is to be made by hand`)];
  }
  const unlogged = wanted!.get("persistence") === "u" ? "unlogged " : "";
  const key = wanted!.get("partition key");
  const rest = `${key === undefined ? "" : ` partition by ${key}`}${withOptions}`;
  const bound = wanted!.get("partition bound");
  const parents = wanted!.get("parents");
  if (bound !== undefined) return [`create ${unlogged}table ${name} partition of ${parents} ${bound}${rest}`];
  const columns = columnsOf(context.wanted, "table column", name).filter(
    ([, aspects]) => !aspects.has("only inherited"),
  );
  const list = columns.map(([column, aspects]) => `\n  ${column} ${columnDefinition(aspects)}`).join(",");
  const inherits = parents === undefined ? "" : ` inherits (${parents})`;
  return [`create ${unlogged}table ${name} (${list}\n)${inherits}${rest}`];
}

const optionList = (options: string): string =>
  [...readOptions(options)].map(([option, value]) => `${option} = '${value.replaceAll("'", "''")}'`).join(", ");

/** Columns of a table or type in their order. */
export function columnsOf(
  facts: ReadonlyMap<string, Aspects>,
  kind: "table column" | "composite type column",
  whole: string,
): (readonly [column: string, aspects: Aspects])[] {
  return partsOf(facts, kind, whole).toSorted(
    ([, a], [, b]) => Number(a.get("position") ?? 0) - Number(b.get("position") ?? 0),
  );
}

/** What stands behind a column's name where it is made. */
export function columnDefinition(aspects: Aspects): string {
  const value = aspects.get("default");
  const generated = aspects.get("generated");
  const identity = aspects.get("identity");
  return [
    aspects.get("type"),
    ...(aspects.has("collation") ? [`collate ${aspects.get("collation")}`] : []),
    ...(generated === undefined
      ? value === undefined
        ? []
        : [`default ${value}`]
      : [`generated always as (${value}) ${generated === "v" ? "virtual" : "stored"}`]),
    ...(identity === undefined ? [] : [`generated ${identity === "a" ? "always" : "by default"} as identity`]),
    ...(aspects.has("not null") ? ["not null"] : []),
  ].join(" ");
}

/** A constraint, trigger, rule or policy of a table. */
export function tablePartStatements({ kind, name, wanted, found, aspects }: Change, context: Context): Statement[] {
  const [part, table] = partAndWhole(name);
  const word = kind === "table constraint" ? "constraint" : kind;
  const isNew = found === undefined || aspects.includes("definition") || kind === "policy";
  const statements: Statement[] = [];
  const drop =
    kind === "table constraint" ? `alter table ${table} drop constraint ${part}` : `drop ${word} ${part} on ${table}`;
  if (wanted === undefined) return [drop];
  if (kind === "table constraint") {
    const definition = wanted.get("definition")!;
    if (wanted.has("only inherited") || found?.has("only inherited") === true) {
      return [commented(`table constraint ${name} is as that of the table's parent: ${definition}`)];
    }
    if (found === undefined && comesWithParent(table, definition, context)) return [];
    // Those of a partition come and go with its place in the tree, which is not said as a statement.
    const parentsOf = (facts: Context["wanted"]): string | undefined => facts.get(`table ${table}`)?.get("parents");
    if (
      found === undefined &&
      context.found.has(`table ${table}`) &&
      parentsOf(context.wanted) !== parentsOf(context.found)
    ) {
      return [commented(`table constraint ${name}, when the table's parents are as in A: ${definition}`)];
    }
    if (found === undefined) return [`alter table ${table} add constraint ${part} ${definition}`];
    if (found.get("definition") === `${definition} NOT VALID`)
      return [`alter table ${table} validate constraint ${part}`];
    return [`${drop}, add constraint ${part} ${definition}`];
  }
  if (isNew) {
    if (found !== undefined) statements.push(drop);
    statements.push(
      kind === "policy" ? createPolicy(part, table, wanted) : wanted.get("definition")!.replace(/;$/, ""),
    );
  }
  const enabled = wanted.get("enabled");
  if (aspects.includes("enabled") || (isNew && enabled !== undefined)) {
    statements.push(`alter table ${table} ${enableWords[enabled ?? "O"]} ${word} ${part}`);
  }
  return statements;
}

/** A partition that is made has all constraints of the table that it is a part of. */
function comesWithParent(table: string, definition: string, { wanted, found }: Context): boolean {
  const of = wanted.get(`table ${table}`);
  const parent = of?.get("parents");
  if (of?.has("partition bound") !== true || found.has(`table ${table}`)) return false;
  return partsOf(wanted, "table constraint", parent ?? "").some(
    ([, aspects]) => aspects.get("definition") === definition,
  );
}

const enableWords: Readonly<Record<string, string>> = {
  O: "enable",
  D: "disable",
  R: "enable replica",
  A: "enable always",
};

const commands: Readonly<Record<string, string>> = { r: "select", a: "insert", w: "update", d: "delete", "*": "all" };

function createPolicy(part: string, table: string, wanted: Aspects): Statement {
  const [using, check] = [wanted.get("using"), wanted.get("with check")];
  return [
    `create policy ${part} on ${table}`,
    wanted.get("permissive") === "false" ? "as restrictive" : "as permissive",
    `for ${commands[wanted.get("command") ?? "*"]} to ${wanted.get("roles")}`,
    ...(using === undefined ? [] : [`using (${using})`]),
    ...(check === undefined ? [] : [`with check (${check})`]),
  ].join(" ");
}
