import {
  type Aspects,
  type Change,
  type Context,
  commented,
  literal,
  partAndWhole,
  quoted,
  type Statement,
  tableAndColumn,
  toldDifference,
} from "./change.ts";
import { columnDefinition, columnsOf, optionStatements } from "./table-statements.ts";

export function schemaStatement({ name, wanted }: Change): Statement[] {
  if (wanted !== undefined) return [`create schema ${name}`];
  return [commented(`schema ${name} is only in B, and what is in it would be lost:`, `drop schema ${name}`)];
}

export function extensionStatements(change: Change): Statement[] {
  const { name, wanted, found, aspects } = change;
  if (found === undefined) return [`create extension ${name} with schema ${quoted(wanted!.get("schema")!)}`];
  if (wanted === undefined) {
    return [commented(`extension ${name} is only in B, and what it made would be lost:`, `drop extension ${name}`)];
  }
  return aspects.flatMap((aspect) => {
    if (aspect === "version") return [`alter extension ${name} update to ${literal(wanted.get("version")!)}`];
    if (aspect === "schema") return [`alter extension ${name} set schema ${quoted(wanted.get("schema")!)}`];
    return [toldDifference(change, aspect)];
  });
}

const sequenceAspects: Readonly<Record<string, (value: string | undefined) => string>> = {
  "data type": (value) => `as ${value}`,
  start: (value) => `start with ${value}`,
  increment: (value) => `increment by ${value}`,
  minimum: (value) => `minvalue ${value}`,
  maximum: (value) => `maxvalue ${value}`,
  cache: (value) => `cache ${value}`,
  cycle: (value) => (value === "true" ? "cycle" : "no cycle"),
};

/** Whether the sequence comes with an identity column. */
export function isIdentity(sequence: Aspects | undefined, { wanted }: Context): boolean {
  const owner = sequence?.get("owned by");
  return owner !== undefined && wanted.get(`table column ${owner}`)?.has("identity") === true;
}

export function sequenceStatements(change: Change, context: Context): Statement[] {
  const { name, wanted, found, aspects } = change;
  if (wanted === undefined) return [commented(`sequence ${name} is only in B:`, `drop sequence ${name}`)];
  const owner = wanted.get("owned by");
  // That of an identity column comes with its column.
  const changed = found === undefined ? [...wanted.keys()] : aspects;
  const changes = Object.keys(sequenceAspects).filter((aspect) => changed.includes(aspect));
  const words = changes.map((aspect) => sequenceAspects[aspect]!(wanted.get(aspect))).join(" ");
  const value = wanted.get("value");
  const isMade = found === undefined && !isIdentity(wanted, context);
  const unlogged = wanted.get("persistence") === "u" ? "unlogged " : "";
  return [
    ...(isMade
      ? [`create ${unlogged}sequence ${name} ${words}`]
      : words === ""
        ? []
        : [`alter sequence ${name} ${words}`]),
    ...(changed.includes("value") && value !== undefined ? [setValue(name, value)] : []),
    ...(found !== undefined && aspects.includes("owned by")
      ? [`alter sequence ${name} owned by ${owner ?? "none"}`]
      : []),
    ...aspects
      .filter((aspect) => aspect === "persistence" || aspect === "kind")
      .map((aspect) => toldDifference(change, aspect)),
  ];
}

/** A new sequence can belong to a column only once there is the column. */
export function sequenceOwner({ name, wanted, found }: Change, context: Context): Statement[] {
  const owner = wanted?.get("owned by");
  if (found !== undefined || owner === undefined || isIdentity(wanted, context)) return [];
  return [`alter sequence ${name} owned by ${owner}`];
}

function setValue(name: string, value: string): Statement {
  const isGiven = !value.endsWith(" (not yet given)");
  return `select pg_catalog.setval(${literal(name)}, ${Number.parseInt(value, 10) === Number(value) ? value : value.replace(/ .*/, "")}, ${isGiven})`;
}

export function functionStatements(change: Change, { functions }: Context): Statement[] {
  const { kind, name, wanted, found, aspects } = change;
  if (wanted === undefined) return [`drop ${kind} ${name}`];
  const ours = new Set(["owner", "privileges", "comment"]);
  if (found !== undefined && aspects.every((aspect) => ours.has(aspect))) return [];
  const definition = functions.get(name);
  if (definition === undefined) return [commented(`${kind} ${name} is to be made as in A by hand`)];
  const isOther = found !== undefined && ["result", "kind"].some((aspect) => aspects.includes(aspect));
  return isOther
    ? [
        commented(
          `${kind} ${name} cannot be replaced; what uses it must go first:`,
          `drop ${kind} ${name};\n${definition.trimEnd()}`,
        ),
      ]
    : [definition.trimEnd()];
}

export function indexStatements(change: Change, context: Context): Statement[] {
  const { name, wanted, found, aspects } = change;
  const table = tableOfIndex((wanted ?? found)!.get("definition") ?? "");
  const constraint = `table constraint ${lastName(name)} on ${table}`;
  const isOfConstraint = (facts: Context["wanted"]): boolean =>
    /^(PRIMARY|UNIQUE|EXCLUDE)/.test(facts.get(constraint)?.get("definition") ?? "");
  // It comes and goes with the constraint.
  if (found === undefined && isOfConstraint(context.wanted)) {
    const isOfParent = wanted!.has("attached to");
    return isOfParent ? [] : [...clusterStatements(change, wanted!.get("definition")!), ...indexStatistics(change)];
  }
  if (wanted === undefined) return isOfConstraint(context.found) ? [] : [`drop index ${name}`];
  const definition = wanted.get("definition")!;
  if (wanted.has("attached to") || found?.has("attached to") === true) {
    return [commented(`index ${name} is as that of the table's parent: ${definition}`)];
  }
  const statements: Statement[] = [];
  const isRebuilt = found === undefined || aspects.includes("definition");
  if (found !== undefined && aspects.includes("definition")) {
    const [give, has] = [splitOptions(definition), splitOptions(found.get("definition")!)];
    if (give.rest === has.rest) statements.push(...optionStatements(`alter index ${name}`, give.options, has.options));
    else if (isOfConstraint(context.found)) return [toldDifference(change, "definition")];
    else statements.push(`drop index ${name}`, definition);
  } else if (isRebuilt) statements.push(definition);
  if (isRebuilt || aspects.includes("clustered")) statements.push(...clusterStatements(change, definition));
  if (isRebuilt || aspects.includes("statistics")) statements.push(...indexStatistics(change));
  const others = aspects.filter((aspect) => aspect === "tablespace" || aspect === "invalid");
  return [...statements, ...others.map((aspect) => toldDifference(change, aspect))];
}

/** An index's options apart: `a=1, b=2` as in the facts of tables. */
function splitOptions(definition: string): { readonly rest: string; readonly options: string } {
  const match = / WITH \(([^()]*)\)/.exec(definition);
  if (match === null) return { rest: definition, options: "" };
  return { rest: definition.replace(match[0], ""), options: match[1]!.replaceAll("'", "") };
}

/** `sales.by_date`: the name without its schema. */
const lastName = (name: string): string => tableAndColumn(name)[1];

/** From its definition. */
export const tableOfIndex = (definition: string): string => / ON (?:ONLY )?(.*?) USING /.exec(definition)?.[1] ?? "";

function clusterStatements({ name, wanted, found }: Change, definition: string): Statement[] {
  const table = tableOfIndex(definition);
  if (wanted!.has("clustered")) return [`alter table ${table} cluster on ${lastName(name)}`];
  return found?.has("clustered") === true ? [`alter table ${table} set without cluster`] : [];
}

function indexStatistics({ name, wanted, found }: Change): Statement[] {
  const [give, has] = [readTargets(wanted!.get("statistics")), readTargets(found?.get("statistics"))];
  const columns = new Set([...give.keys(), ...has.keys()]);
  return [...columns].flatMap((column) =>
    give.get(column) === has.get(column)
      ? []
      : [`alter index ${name} alter column ${column} set statistics ${give.get(column) ?? -1}`],
  );
}

export function domainConstraintStatements({ name, wanted, found }: Change): Statement[] {
  const [constraint, domain] = partAndWhole(name);
  return [
    ...(found === undefined ? [] : [`alter domain ${domain} drop constraint ${constraint}`]),
    ...(wanted === undefined
      ? []
      : [`alter domain ${domain} add constraint ${constraint} ${wanted.get("definition")}`]),
  ];
}

export function typeStatements(change: Change, context: Context): Statement[] {
  const { name, wanted, found, aspects } = change;
  if (wanted === undefined) return [commented(`type ${name} is only in B:`, `drop type ${name}`)];
  if (found === undefined) return createType(change, context);
  return aspects.flatMap((aspect) => {
    const give = wanted.get(aspect);
    if (wanted.get("kind") === "d" && aspect === "default") {
      return [`alter domain ${name} ${give === undefined ? "drop default" : `set default ${give}`}`];
    }
    if (wanted.get("kind") === "d" && aspect === "not null") {
      return [`alter domain ${name} ${give === undefined ? "drop" : "set"} not null`];
    }
    if (aspect === "labels") return labelStatements(change);
    return [toldDifference(change, aspect)];
  });
}

function createType(change: Change, context: Context): Statement[] {
  const { name, wanted } = change;
  switch (wanted!.get("kind")) {
    case "e":
      return [`create type ${name} as enum (${wanted!.get("labels") ?? ""})`];
    case "c": {
      const columns = columnsOf(context.wanted, "composite type column", name);
      return [
        `create type ${name} as (${columns.map(([column, of]) => `${column} ${columnDefinition(of)}`).join(", ")})`,
      ];
    }
    case "d": {
      const [collation, value] = [wanted!.get("collation"), wanted!.get("default")];
      const more = [
        ...(collation === undefined ? [] : [`collate ${collation}`]),
        ...(value === undefined ? [] : [`default ${value}`]),
        ...(wanted!.has("not null") ? ["not null"] : []),
      ];
      return [[`create domain ${name} as ${wanted!.get("base type")}`, ...more].join(" ")];
    }
    default:
      return [commented(`type ${name} is only in A, and is to be made by hand`)];
  }
}

/** Labels can be added, never taken away. */
function labelStatements(change: Change): Statement[] {
  const [give, has] = [readLabels(change.wanted!.get("labels")), readLabels(change.found!.get("labels"))];
  const kept = give.filter((label) => has.includes(label));
  if (kept.length !== has.length || kept.some((label, index) => label !== has[index]))
    return [toldDifference(change, "labels")];
  return give.flatMap((label, index) => {
    if (has.includes(label)) return [];
    const before = give.slice(index + 1).find((one) => has.includes(one));
    const place = index > 0 ? ` after ${give[index - 1]}` : before === undefined ? "" : ` before ${before}`;
    return [`alter type ${change.name} add value ${label}${place}`];
  });
}

const readTargets = (text = ""): Map<string, string> =>
  new Map([...text.matchAll(/(\d+): (\d+)/g)].map(([, column, target]) => [column!, target!]));

const readLabels = (text = ""): string[] => [...text.matchAll(/E?'(?:[^']|'')*'/g)].map(([label]) => label);
