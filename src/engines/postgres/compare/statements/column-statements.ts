import { type Change, type Context, commented, type Statement, tableAndColumn, toldDifference } from "./change.ts";
import { columnDefinition, optionStatements } from "./table-statements.ts";

const storages: Readonly<Record<string, string>> = { p: "plain", e: "external", m: "main", x: "extended" };
const compressions: Readonly<Record<string, string>> = { p: "pglz", l: "lz4" };
const tables: Readonly<Record<string, string>> = {
  "table column": "table",
  "foreign table column": "foreign table",
  "view column": "view",
  "materialized view column": "materialized view",
};

/** Whole numbers of all sizes: a value that does not fit is an error, none is rounded. */
const integers: ReadonlySet<string> = new Set(["smallint", "integer", "bigint"]);

export function columnStatements(change: Change, context: Context): Statement[] {
  const { kind, name, wanted, found, aspects } = change;
  const [table, column] = tableAndColumn(name);
  if (kind === "composite type column") {
    // Those of a new or lost type come and go with it.
    const isOfBoth = context.found.has(`type ${table}`) && context.wanted.has(`type ${table}`);
    return isOfBoth ? attributeStatements(change, table, column) : [];
  }
  const word = tables[kind];
  if (word === undefined) return aspects.map((aspect) => toldDifference(change, aspect));
  if (found === undefined || wanted === undefined) {
    // Those of a new or lost table, and of views, come and go with it.
    const isOfTable = word === "table" && context.found.has(`table ${table}`) && context.wanted.has(`table ${table}`);
    if (!isOfTable) return [];
    if (found?.has("only inherited") === true || wanted?.has("only inherited") === true) return [];
    if (wanted === undefined)
      return [commented(`the values of column ${name} would be lost:`, `alter table ${table} drop column ${column}`)];
    return [`alter table ${table} add column ${column} ${columnDefinition(wanted)}`];
  }
  return aspects.flatMap((aspect) => aspectStatements(change, aspect, `alter ${word} ${table} alter column ${column}`));
}

/** Types whose values are stored `extended` unless somebody says otherwise. */
const extended = /^(text|bytea|jsonb?|xml|character( varying)?(\(\d+\))?)$/;

/** What is set of a new column after it was made. */
export function columnSettings(change: Change): Statement[] {
  const { name, wanted } = change;
  const [table, column] = tableAndColumn(name);
  const isUsual = !extended.test(wanted!.get("type") ?? "") || wanted!.get("storage") === "x";
  const aspects = [...(isUsual ? [] : ["storage"]), "compression", "statistics", "options"];
  return aspects.flatMap((aspect) =>
    wanted!.has(aspect) ? aspectStatements(change, aspect, `alter table ${table} alter column ${column}`) : [],
  );
}

function aspectStatements(change: Change, aspect: string, alter: string): Statement[] {
  const { name, wanted, found } = change;
  const [give, has] = [wanted!.get(aspect), found!.get(aspect)];
  const isGenerated = wanted!.has("generated") || found!.has("generated");
  switch (aspect) {
    case "type": {
      const statement = `${alter} type ${give}`;
      if (isGenerated) return [toldDifference(change, aspect)];
      if (keepsValues(has!, give!)) return [statement];
      return [commented(`column ${name} is ${has} in B, and values may be cut, rounded or refused:`, statement)];
    }
    case "default":
      if (isGenerated) return wanted!.has("generated") ? [toldDifference(change, aspect)] : [];
      return [give === undefined ? `${alter} drop default` : `${alter} set default ${give}`];
    case "generated":
      if (give === undefined && has === "s") {
        const value = wanted!.get("default");
        return [`${alter} drop expression`, ...(value === undefined ? [] : [`${alter} set default ${value}`])];
      }
      return [toldDifference(change, aspect)];
    case "not null":
      return [`${alter} ${give === undefined ? "drop" : "set"} not null`];
    case "identity":
      if (give === undefined || has === undefined) return [toldDifference(change, aspect)];
      return [`${alter} set generated ${give === "a" ? "always" : "by default"}`];
    case "storage":
      return [`${alter} set storage ${storages[give ?? ""] ?? "default"}`];
    case "compression":
      return [`${alter} set compression ${give === undefined ? "default" : compressions[give]}`];
    case "statistics":
      return [`${alter} set statistics ${give ?? -1}`];
    case "options":
      return optionStatements(alter, give, has);
    default:
      return [toldDifference(change, aspect)];
  }
}

/** Whether a change of type keeps every value as it is, or fails. */
function keepsValues(from: string, to: string): boolean {
  if (integers.has(from) && integers.has(to)) return true;
  const length = /^character varying(?:\((\d+)\))?$/;
  const [varcharFrom, varcharTo] = [length.exec(from), length.exec(to)];
  if (varcharFrom !== null && to === "text") return true;
  if (varcharFrom !== null && varcharTo !== null) {
    return Number(varcharTo[1] ?? Infinity) >= Number(varcharFrom[1] ?? Infinity);
  }
  const precision = /^numeric\((\d+),(\d+)\)$/;
  const [numericFrom, numericTo] = [precision.exec(from), precision.exec(to)];
  if (numericFrom !== null && to === "numeric") return true;
  return numericFrom !== null && numericTo !== null && Number(numericTo[2]) >= Number(numericFrom[2]);
}

function attributeStatements(change: Change, type: string, attribute: string): Statement[] {
  const { wanted, found, aspects } = change;
  if (found === undefined) return [`alter type ${type} add attribute ${attribute} ${columnDefinition(wanted!)}`];
  if (wanted === undefined) {
    const drop = `alter type ${type} drop attribute ${attribute}`;
    return [commented(`the values of composite type column ${change.name} would be lost:`, drop)];
  }
  return aspects.map((aspect) => toldDifference(change, aspect));
}
