import type { Capabilities } from "../../capabilities.ts";
import { parseTextArray } from "../../sql/pg-array.ts";
import { dollarQuote, quoteConformingLiteral, quoteIdentifier } from "../../sql/quote.ts";
import { settingLiterals } from "../../sql/setting-list.ts";
import { Catalog, type Row } from "../catalog-reader.ts";
import { descriptionEntries } from "../description-entries.ts";
import type { EntryContext } from "../entry-context.ts";
import { dependsOnExtensionStatements } from "../extension-dependency.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { privilegeEntries } from "../privilege-entries.ts";
import { addRoutine, type Routine, routineColumns, routineFilter, routineTables, signature } from "./routine-object.ts";

interface FunctionObject extends Routine {
  readonly kind: "function";
  readonly word: "FUNCTION" | "PROCEDURE";
  /** Arguments as CREATE FUNCTION wants them, with defaults. */
  readonly arguments: string;
  /** Arguments as ALTER and DROP FUNCTION want them. */
  readonly identityArguments: string;
  /** Everything between the arguments and the body. */
  readonly attributes: string;
  /** `AS ...`, `RETURN ...` or `BEGIN ATOMIC ...`. */
  readonly body: string;
  readonly dependsOnExtensions: readonly string[];
}

/** Functions, window functions and procedures. */
export const functionType: ObjectType<FunctionObject> = {
  label: "function",

  queries: (capabilities) => ({ rows: functionQuery(capabilities) }),

  read(reader, { rows }): FunctionObject[] {
    return rows.map((row) =>
      addRoutine<FunctionObject>(reader, row, "function", {
        word: row.prokind === "p" ? "PROCEDURE" : "FUNCTION",
        arguments: row.arguments!,
        identityArguments: row.identity_arguments!,
        attributes: attributesOf(row),
        body: bodyOf(row),
        dependsOnExtensions: reader.shared.extensionsOf(Catalog.pg_proc, Number(row.oid)),
        canBePostponed: true,
      }),
    );
  },

  entries(object: FunctionObject, context: EntryContext): PlannedEntry[] {
    const name = `${quoteIdentifier(object.name)}(${object.identityArguments})`;
    return [
      ...(object.parts.definition ? definitionEntries(object, name, context) : []),
      ...privilegeEntries(object, context, {
        kind: object.word,
        name,
        owner: object.owner,
        current: object.privileges,
        default: object.defaultPrivileges,
      }),
    ];
  },
};

function definitionEntries(object: FunctionObject, name: string, context: EntryContext): PlannedEntry[] {
  const { word } = object;
  const schema = quoteIdentifier(object.schema);
  const extensions = dependsOnExtensionStatements(`${word} ${schema}.${name}`, object.dependsOnExtensions);
  return [
    objectEntry(object, {
      desc: word,
      section: "pre-data",
      owner: object.owner,
      tag: signature(object, { quoted: false }),
      definition:
        `CREATE ${word} ${schema}.${quoteIdentifier(object.name)}(${object.arguments})${object.attributes}` +
        `\n    ${object.body};\n${extensions}`,
      drop: `DROP ${word} ${schema}.${name};\n`,
    }),
    ...descriptionEntries(object, context, {
      subject: `${word} ${schema}.${name}`,
      tag: `${word} ${name}`,
      owner: object.owner,
    }),
  ];
}

function functionQuery(capabilities: Capabilities): string {
  const { procedures, supportFunctions, sqlFunctionBodies } = capabilities;
  const kind = procedures ? "p.prokind" : "CASE WHEN p.proisagg THEN 'a' WHEN p.proiswindow THEN 'w' ELSE 'f' END";
  return (
    `SELECT ${routineColumns}, ${kind} AS prokind, l.lanname, p.proretset, p.provolatile, p.proisstrict, p.prosecdef, ` +
    "p.proleakproof, p.proparallel, p.procost, p.prorows, p.proconfig, p.prosrc, p.probin, " +
    `${supportFunctions ? "p.prosupport" : "'-'"} AS prosupport, ` +
    `${sqlFunctionBodies ? "pg_catalog.pg_get_function_sqlbody(p.oid)" : "NULL::pg_catalog.text"} AS sql_body, ` +
    "pg_catalog.pg_get_function_arguments(p.oid) AS arguments, " +
    "pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_arguments, " +
    "pg_catalog.pg_get_function_result(p.oid) AS result, " +
    "ARRAY(SELECT pg_catalog.format_type(i.type, NULL) FROM pg_catalog.unnest(p.protrftypes) " +
    "WITH ORDINALITY AS i (type, place) ORDER BY i.place) AS transform_types " +
    `FROM ${routineTables} JOIN pg_catalog.pg_language l ON l.oid = p.prolang ` +
    `WHERE ${kind} <> 'a' AND ${routineFilter} ` +
    // Constructors of range types come with their type.
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.objid = p.oid " +
    `AND i.classid = ${Catalog.pg_proc} AND i.deptype = 'i') ORDER BY p.oid`
  );
}

const volatilities: Readonly<Record<string, string>> = { i: " IMMUTABLE", s: " STABLE" };
const parallels: Readonly<Record<string, string>> = { s: " PARALLEL SAFE", r: " PARALLEL RESTRICTED" };

/** Rows that the server expects from a function that returns a set, unless told otherwise. */
const defaultRows = "1000";

function attributesOf(row: Row): string {
  let sql = row.prokind === "p" ? "" : ` RETURNS ${row.result}`;
  sql += `\n    LANGUAGE ${quoteIdentifier(row.lanname!)}`;
  const transforms = parseTextArray(row.transform_types!);
  if (transforms.length > 0) sql += ` TRANSFORM ${transforms.map((type) => `FOR TYPE ${type}`).join(", ")}`;
  if (row.prokind === "w") sql += " WINDOW";
  sql += volatilities[row.provolatile!] ?? "";
  if (row.proisstrict === "t") sql += " STRICT";
  if (row.prosecdef === "t") sql += " SECURITY DEFINER";
  if (row.proleakproof === "t") sql += " LEAKPROOF";
  const defaultCost = row.lanname === "internal" || row.lanname === "c" ? "1" : "100";
  if (row.procost !== "0" && row.procost !== defaultCost) sql += ` COST ${row.procost}`;
  if (row.proretset === "t" && row.prorows !== "0" && row.prorows !== defaultRows) sql += ` ROWS ${row.prorows}`;
  // regproc text is quoted and qualified already.
  if (row.prosupport !== "-") sql += ` SUPPORT ${row.prosupport}`;
  sql += parallels[row.proparallel!] ?? "";
  for (const setting of row.proconfig === null ? [] : parseTextArray(row.proconfig!)) {
    const split = setting.indexOf("=");
    if (split < 0) continue;
    const name = setting.slice(0, split);
    const value = settingLiterals(name, setting.slice(split + 1), quoteConformingLiteral);
    sql += `\n    SET ${quoteIdentifier(name)} TO ${value}`;
  }
  return sql;
}

function bodyOf(row: Row): string {
  if (row.sql_body !== null) return row.sql_body!;
  const source = row.prosrc!;
  if (row.probin === null || row.probin === "") return `AS ${dollarQuote(source)}`;
  // A library, and the name of the function in it where that differs.
  const library = `AS ${quoteConformingLiteral(row.probin!)}`;
  if (source === "") return library;
  return `${library}, ${/['\\]/.test(source) ? dollarQuote(source) : quoteConformingLiteral(source)}`;
}
