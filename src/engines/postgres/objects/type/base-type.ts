import { qualified, quoteConformingLiteral } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import type { EntryContext } from "../entry-context.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface BaseType extends TypeObject {
  /** Clauses of CREATE TYPE; undefined for a type that was only announced and never completed. */
  readonly options: readonly string[] | undefined;
}

/** Base types, made of functions in C, and types that are only a name. */
export const baseType: ObjectType<BaseType> = {
  label: "base type",

  queries(capabilities) {
    const subscript = capabilities.typeSubscripting ? "t.typsubscript" : "'-'";
    return {
      rows:
        `SELECT ${typeColumns}, t.typisdefined, t.typlen, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, ` +
        `t.typmodout, t.typanalyze, ${subscript} AS typsubscript, t.typcollation <> 0 AS collatable, ` +
        "pg_catalog.pg_get_expr(t.typdefaultbin, 0) AS default_expression, t.typdefault, t.typelem, " +
        "pg_catalog.format_type(t.typelem, NULL) AS element, t.typcategory, t.typispreferred, t.typdelim, " +
        `t.typalign, t.typstorage, t.typbyval FROM ${typeTables} WHERE t.typtype = 'b' AND NOT EXISTS ` +
        "(SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid) " +
        "OR t.typtype = 'p' AND NOT t.typisdefined ORDER BY t.oid",
    };
  },

  read(reader, { rows }): BaseType[] {
    return rows.flatMap((row) => {
      const isDefined = row.typisdefined === "t";
      return (
        addType<BaseType>(reader, row, {
          options: isDefined ? optionsOf(row) : undefined,
          mayNeedShell: isDefined,
        }) ?? []
      );
    });
  },

  entries(type: BaseType, context: EntryContext): PlannedEntry[] {
    const name = qualified(type.schema, type.name);
    if (type.options === undefined) return typeEntries(type, context, { definition: `CREATE TYPE ${name};\n` });
    return typeEntries(type, context, {
      definition: `CREATE TYPE ${name} (\n${type.options.map((option) => `    ${option}`).join(",\n")}\n);\n`,
      // The functions depend on the type as the type does on them: only CASCADE gets rid of either.
      drop: `DROP TYPE ${name} CASCADE;\n`,
    });
  },
};

const alignments: Readonly<Record<string, string>> = { c: "char", s: "int2", i: "int4", d: "double" };
const storages: Readonly<Record<string, string>> = { p: "plain", e: "external", x: "extended", m: "main" };

function optionsOf(row: Row): string[] {
  const options = [
    `INTERNALLENGTH = ${row.typlen === "-1" ? "variable" : row.typlen}`,
    `INPUT = ${row.typinput}`,
    `OUTPUT = ${row.typoutput}`,
  ];
  const functions = [
    ["RECEIVE", row.typreceive],
    ["SEND", row.typsend],
    ["TYPMOD_IN", row.typmodin],
    ["TYPMOD_OUT", row.typmodout],
    ["ANALYZE", row.typanalyze],
  ];
  // regproc text is quoted and qualified already; "-" is none.
  for (const [word, name] of functions) if (name !== "-") options.push(`${word} = ${name}`);
  if (row.collatable === "t") options.push("COLLATABLE = true");
  if (row.default_expression !== null) options.push(`DEFAULT = ${row.default_expression}`);
  else if (row.typdefault !== null) options.push(`DEFAULT = ${quoteConformingLiteral(row.typdefault!)}`);
  if (row.typsubscript !== "-") options.push(`SUBSCRIPT = ${row.typsubscript}`);
  if (row.typelem !== "0") options.push(`ELEMENT = ${row.element}`);
  if (row.typcategory !== "U") options.push(`CATEGORY = ${quoteConformingLiteral(row.typcategory!)}`);
  if (row.typispreferred === "t") options.push("PREFERRED = true");
  if (row.typdelim !== ",") options.push(`DELIMITER = ${quoteConformingLiteral(row.typdelim!)}`);
  options.push(`ALIGNMENT = ${alignments[row.typalign!]}`, `STORAGE = ${storages[row.typstorage!]}`);
  if (row.typbyval === "t") options.push("PASSEDBYVALUE");
  return options;
}
