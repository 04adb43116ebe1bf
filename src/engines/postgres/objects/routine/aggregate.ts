import type { Capabilities } from "../../capabilities.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import { descriptionEntries } from "../description-entries.ts";
import type { EntryContext } from "../entry-context.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { privilegeEntries } from "../privilege-entries.ts";
import { addRoutine, type Routine, routineColumns, routineFilter, routineTables, signature } from "./routine-object.ts";

interface Aggregate extends Routine {
  readonly kind: "aggregate";
  /** Arguments as CREATE AGGREGATE wants them: `*` for none. */
  readonly arguments: string;
  /** Arguments as ALTER and DROP AGGREGATE want them. */
  readonly identityArguments: string;
  /** `SFUNC = ...` and so on, in order. */
  readonly options: readonly string[];
}

/** Aggregates: ordinary, ordered-set and hypothetical-set ones. */
export const aggregateType: ObjectType<Aggregate> = {
  label: "aggregate",

  queries: (capabilities) => ({ rows: aggregateQuery(capabilities) }),

  read(reader, { rows }): Aggregate[] {
    return rows.map((row) =>
      addRoutine<Aggregate>(reader, row, "aggregate", {
        arguments: row.pronargs === "0" ? "*" : row.arguments!,
        identityArguments: row.pronargs === "0" ? "*" : row.identity_arguments!,
        options: optionsOf(row),
      }),
    );
  },

  entries(aggregate: Aggregate, context: EntryContext): PlannedEntry[] {
    return [
      ...(aggregate.parts.definition ? definitionEntries(aggregate, context) : []),
      // There is no GRANT ... ON AGGREGATE.
      ...privilegeEntries(aggregate, context, {
        kind: "FUNCTION",
        name: signature(aggregate, { quoted: true }),
        owner: aggregate.owner,
        current: aggregate.privileges,
        default: aggregate.defaultPrivileges,
      }),
    ];
  },
};

function definitionEntries(aggregate: Aggregate, context: EntryContext): PlannedEntry[] {
  const schema = quoteIdentifier(aggregate.schema);
  const name = quoteIdentifier(aggregate.name);
  const identity = `${name}(${aggregate.identityArguments})`;
  const options = aggregate.options.map((option) => `    ${option}`).join(",\n");
  return [
    objectEntry(aggregate, {
      desc: "AGGREGATE",
      section: "pre-data",
      owner: aggregate.owner,
      tag: `${aggregate.name}(${aggregate.inputTypes.join(", ") || "*"})`,
      definition: `CREATE AGGREGATE ${schema}.${name}(${aggregate.arguments}) (\n${options}\n);\n`,
      drop: `DROP AGGREGATE ${schema}.${identity};\n`,
    }),
    ...descriptionEntries(aggregate, context, {
      subject: `AGGREGATE ${schema}.${identity}`,
      tag: `AGGREGATE ${identity}`,
      owner: aggregate.owner,
    }),
  ];
}

function aggregateQuery(capabilities: Capabilities): string {
  const { procedures, aggregateModifyFlags } = capabilities;
  return (
    `SELECT ${routineColumns}, p.pronargs, p.proparallel, pg_catalog.pg_get_function_arguments(p.oid) AS arguments, ` +
    "pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_arguments, a.aggkind, a.aggtransfn, a.aggfinalfn, " +
    "a.aggtranstype::pg_catalog.regtype AS aggtranstype, a.agginitval, a.aggtransspace, a.aggfinalextra, " +
    "a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, " +
    "a.aggmtranstype::pg_catalog.regtype AS aggmtranstype, a.aggminitval, a.aggmtransspace, a.aggmfinalextra, " +
    `${aggregateModifyFlags ? "a.aggfinalmodify, a.aggmfinalmodify" : "NULL AS aggfinalmodify, NULL AS aggmfinalmodify"}, ` +
    "o.oprname, o.oprnamespace::pg_catalog.regnamespace AS operator_schema " +
    `FROM ${routineTables} JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid ` +
    "LEFT JOIN pg_catalog.pg_operator o ON o.oid = a.aggsortop " +
    `WHERE ${procedures ? "p.prokind = 'a'" : "p.proisagg"} AND ${routineFilter} ORDER BY p.oid`
  );
}

const modifyWords: Readonly<Record<string, string>> = { r: "READ_ONLY", s: "SHAREABLE", w: "READ_WRITE" };
const parallelWords: Readonly<Record<string, string>> = { s: "safe", r: "restricted" };

/** Function and type names are regproc and regtype text: quoted and qualified already, "-" for none. */
function optionsOf(row: Row): string[] {
  const options = [`SFUNC = ${row.aggtransfn}`, `STYPE = ${row.aggtranstype}`];
  const defaultModify = row.aggkind === "n" ? "r" : "w";
  const final = (prefix: string, name: string | null, extra: string | null, modify: string | null): void => {
    if (name === "-") return;
    options.push(`${prefix}FINALFUNC = ${name}`);
    if (extra === "t") options.push(`${prefix}FINALFUNC_EXTRA`);
    if (modify !== null && modify !== defaultModify) options.push(`${prefix}FINALFUNC_MODIFY = ${modifyWords[modify]}`);
  };
  if (row.aggtransspace !== "0") options.push(`SSPACE = ${row.aggtransspace}`);
  if (row.agginitval !== null) options.push(`INITCOND = ${quoteConformingLiteral(row.agginitval!)}`);
  final("", row.aggfinalfn!, row.aggfinalextra!, row.aggfinalmodify!);
  if (row.aggcombinefn !== "-") options.push(`COMBINEFUNC = ${row.aggcombinefn}`);
  if (row.aggserialfn !== "-") options.push(`SERIALFUNC = ${row.aggserialfn}`);
  if (row.aggdeserialfn !== "-") options.push(`DESERIALFUNC = ${row.aggdeserialfn}`);
  if (row.aggmtransfn !== "-") {
    options.push(`MSFUNC = ${row.aggmtransfn}`, `MINVFUNC = ${row.aggminvtransfn}`, `MSTYPE = ${row.aggmtranstype}`);
  }
  if (row.aggmtransspace !== "0") options.push(`MSSPACE = ${row.aggmtransspace}`);
  if (row.aggminitval !== null) options.push(`MINITCOND = ${quoteConformingLiteral(row.aggminitval!)}`);
  final("M", row.aggmfinalfn!, row.aggmfinalextra!, row.aggmfinalmodify!);
  if (row.oprname !== null) options.push(`SORTOP = OPERATOR(${row.operator_schema}.${row.oprname})`);
  if (row.aggkind === "h") options.push("HYPOTHETICAL");
  const parallel = parallelWords[row.proparallel!];
  if (parallel !== undefined) options.push(`PARALLEL = ${parallel}`);
  return options;
}
