import type { FactDifference } from "../compare-facts.ts";
import type { SchemaFacts } from "../schema-facts.ts";
import {
  type Aspects,
  type Change,
  type Context,
  commented,
  literal,
  partAndWhole,
  quoted,
  type Statement,
  toldDifference,
} from "./change.ts";
import { columnSettings, columnStatements } from "./column-statements.ts";
import {
  domainConstraintStatements,
  extensionStatements,
  functionStatements,
  indexStatements,
  isIdentity,
  schemaStatement,
  sequenceOwner,
  sequenceStatements,
  tableOfIndex,
  typeStatements,
} from "./other-statements.ts";
import { privilegeStatements } from "./privilege-statements.ts";
import { createRelation, relationStatements, tablePartStatements } from "./table-statements.ts";

/** Kinds that have statements; the longest names first, since one is the beginning of another. */
const kinds =
  "composite type column|materialized view column|foreign table column|table column|view column|materialized view|foreign table|table constraint|domain constraint|extension|schema|type|function|procedure|aggregate|table|view|sequence|index|trigger|rule|policy";
const kindAndName = new RegExp(`^(${kinds}) (.*)$`, "s");

/** What is made comes after what it is made of; what is dropped goes before. */
const makingOrder: readonly string[] = [
  "schema",
  "extension",
  "type",
  "composite type column",
  "domain constraint",
  "sequence",
  "function",
  "procedure",
  "aggregate",
  "table",
  "foreign table",
  "table column",
  "identity",
  "key",
  "view",
  "view column",
  "materialized view",
  "materialized view column",
  "index",
  "table constraint",
  "rule",
  "trigger",
  "policy",
];

/** Tables stand in no more levels of inheritance; those below come last. */
const mostDepth = 20;

/** Privileges of objects of the system and of extensions; security labels. */
const byHand = /^(changed privileges|label of .*)$/;

const remade: ReadonlySet<string> = new Set([
  "index",
  "table constraint",
  "domain constraint",
  "trigger",
  "rule",
  "policy",
]);

const partsOfTables: ReadonlySet<string> = new Set(["index", "table constraint", "trigger", "rule", "policy"]);

/** Aspects that each kind of object may have. */
const common: ReadonlySet<string> = new Set(["owner", "privileges", "comment"]);

/**
 * Statements that make B's schema like A's, in an order in which they can run; what would lose something, or cannot be said
 * as a statement, as comments. Pure. Binary strings, without semicolons.
 */
export function schemaStatements(differences: Iterable<FactDifference>, context: Context): Statement[] {
  const changes = [...differences].map((difference) => changeOf(difference, context));
  const notNullByConstraint = new Set(changes.flatMap(columnOfNotNull));
  const drops: Statement[][] = [];
  const makes = new Map<string, Statement[]>();
  const last: Statement[] = [];
  const told: Statement[] = [];
  for (const change of changes) {
    const { kind, name } = change;
    if (!makingOrder.includes(kind)) {
      told.push(otherObject(change));
      continue;
    }
    if (belongsToLostTable(change, context)) continue;
    told.push(
      ...change.aspects.filter((aspect) => byHand.test(aspect)).map((aspect) => toldDifference(change, aspect)),
    );
    const aspects = change.aspects.filter(
      (aspect) =>
        !common.has(aspect) && !byHand.test(aspect) && !(aspect === "not null" && notNullByConstraint.has(name)),
    );
    const statements = ownStatements({ ...change, aspects }, context);
    if (change.wanted === undefined) drops.unshift(statements);
    else {
      const order = orderOf(change, statements, context);
      makes.set(order, [...(makes.get(order) ?? []), ...statements]);
    }
    // What is to be made by hand gets its owner from the same hand.
    const isByHand =
      change.found === undefined && statements.length > 0 && statements.every((one) => one.startsWith("--"));
    if (!isByHand)
      last.push(
        ...settingsOfNew(change),
        ...sequenceOwnerOf(change, context),
        ...commonStatements(change, statements.length > 0),
      );
  }
  const made = makingOrder.flatMap((kind) => [
    ...(makes.get(kind) ?? []),
    ...(kind === "table"
      ? Array.from({ length: mostDepth + 1 }, (_, depth) => makes.get(`table ${depth}`) ?? []).flat()
      : []),
  ]);
  return [...drops.flat(), ...made, ...last, ...told];
}

const nothing: Aspects = new Map();

/** A table or materialized view that only B has is dropped by hand: what belongs to it stays and goes with it. */
function belongsToLostTable({ kind, name, wanted, found }: Change, context: Context): boolean {
  if (wanted !== undefined || found === undefined || !partsOfTables.has(kind)) return false;
  const table = kind === "index" ? tableOfIndex(found.get("definition") ?? "") : partAndWhole(name)[1];
  return ["table", "foreign table", "materialized view"].some(
    (whole) => context.found.has(`${whole} ${table}`) && !context.wanted.has(`${whole} ${table}`),
  );
}

function orderOf({ kind, name, wanted, found }: Change, [first = ""]: readonly Statement[], context: Context): string {
  if (/^alter table .* add constraint .* (PRIMARY KEY|UNIQUE|EXCLUDE) /s.test(first)) return "key";
  if (kind === "sequence" && found === undefined && isIdentity(wanted, context)) return "identity";
  return kind === "table" && found === undefined ? `table ${depthOf(name, context)}` : kind;
}

/** How many tables stand above it. */
function depthOf(table: string, context: Context): number {
  const parents = context.wanted.get(`table ${table}`)?.get("parents")?.split(", ") ?? [];
  return Math.min(mostDepth, 1 + Math.max(-1, ...parents.map((parent) => depthOf(parent, context))));
}

function changeOf({ object, aspects }: FactDifference, { wanted, found }: Context): Change {
  const match = kindAndName.exec(object);
  const isMissing = aspects[0] === "exists" && !(wanted.has(object) && found.has(object));
  return {
    kind: match?.[1] ?? "",
    name: match?.[2] ?? object,
    // Of what both have, one may say nothing: a comment, the privileges of a system's function.
    wanted: wanted.get(object) ?? (isMissing ? undefined : nothing),
    found: found.get(object) ?? (isMissing ? undefined : nothing),
    aspects: aspects.filter((aspect) => aspect !== "exists"),
  };
}

function ownStatements(change: Change, context: Context): Statement[] {
  const { kind, wanted, found, aspects } = change;
  switch (kind) {
    case "schema":
      return wanted === undefined || found === undefined ? schemaStatement(change) : [];
    case "extension":
      return extensionStatements(change);
    case "type":
      return typeStatements(change, context);
    case "domain constraint":
      return domainConstraintStatements(change);
    case "sequence":
      return sequenceStatements(change, context);
    case "function":
    case "procedure":
    case "aggregate":
      if (wanted !== undefined && found !== undefined && aspects.length === 0) return [];
      return functionStatements(change, context);
    case "index":
      return indexStatements(change, context);
    case "table constraint":
    case "trigger":
    case "rule":
    case "policy":
      return aspects.length > 0 || wanted === undefined || found === undefined
        ? tablePartStatements(change, context)
        : [];
    case "table":
    case "view":
    case "materialized view":
    case "foreign table":
      if (found === undefined) return createRelation(change, context);
      if (wanted === undefined) return dropRelation(change);
      return aspects.flatMap((aspect) => relationStatements(change, aspect));
    default:
      return columnStatements(change, context);
  }
}

function dropRelation({ kind, name }: Change): Statement[] {
  const drop = `drop ${kind} ${name}`;
  return kind === "view" ? [drop] : [commented(`${kind} ${name} is only in B, and its rows would be lost:`, drop)];
}

/** What a new table or column cannot be told where it is made. */
function settingsOfNew(change: Change): Statement[] {
  const { kind, wanted, found } = change;
  if (wanted === undefined || found !== undefined) return [];
  const withNothing = { ...change, found: nothing };
  if (kind === "table") {
    const aspects = ["options of the toast table", "row security", "forced row security", "replica identity"];
    return aspects.flatMap((aspect) => (wanted.has(aspect) ? relationStatements(withNothing, aspect) : []));
  }
  if (kind !== "table column" || wanted.has("only inherited")) return [];
  return columnSettings(withNothing);
}

const sequenceOwnerOf = (change: Change, context: Context): Statement[] =>
  change.kind === "sequence" ? sequenceOwner(change, context) : [];

/** Owner, privileges and comment: of what is new, too. */
function commonStatements(change: Change, isMade: boolean): Statement[] {
  const { kind, name, wanted, found, aspects } = change;
  if (wanted === undefined) return [];
  const differs = (aspect: string): boolean => (found === undefined ? wanted.has(aspect) : aspects.includes(aspect));
  // What was dropped and made again has lost its comment.
  const isRemade = isMade && remade.has(kind) && wanted.has("comment");
  const word = kind.endsWith(" column") ? "column" : kind === "table constraint" ? "constraint" : kind;
  const target =
    kind === "domain constraint"
      ? `constraint ${name.replace(/^((?:"(?:[^"]|"")*"|[^\s"]+) on )/, "$1domain ")}`
      : `${word} ${name}`;
  const owner = wanted.get("owner");
  const comment = wanted.get("comment");
  return [
    ...(differs("owner") && owner !== undefined
      ? [kind === "extension" ? toldDifference(change, "owner") : `alter ${kind} ${name} owner to ${quoted(owner)}`]
      : []),
    ...(differs("privileges") ? privilegeStatements(change) : []),
    ...(differs("comment") || isRemade
      ? [`comment on ${target} is ${comment === undefined ? "null" : literal(comment)}`]
      : []),
  ];
}

/** From PostgreSQL 18 on a column is made NOT NULL by a constraint, which has a statement of its own. */
function columnOfNotNull({ kind, name, wanted, found }: Change): string[] {
  const definition = (wanted ?? found)?.get("definition");
  if (kind !== "table constraint" || definition?.startsWith("NOT NULL ") !== true) return [];
  return [`${name.slice(name.indexOf(" on ") + 4)}.${definition.slice(9).replace(/ NO INHERIT$/, "")}`];
}

function otherObject(change: Change): Statement {
  const { name, wanted, found, aspects } = change;
  if (wanted !== undefined && found !== undefined) {
    return aspects.map((aspect) => toldDifference(change, aspect)).join("\n");
  }
  const facts = [...(wanted ?? found)!].map(([aspect, value]) => `\n  ${aspect}: ${value.replaceAll(/\s+/g, " ")}`);
  return commented(`${name} is only in ${found === undefined ? "A" : "B"}${facts.join("")}`);
}

/** Identities of functions whose definitions the statements need from A. */
export function neededFunctions(differences: Iterable<FactDifference>, wanted: SchemaFacts): string[] {
  return [...differences].flatMap(({ object }) =>
    /^(function|procedure) /.test(object) && wanted.has(object) ? [object.replace(/^\w+ /, "")] : [],
  );
}
