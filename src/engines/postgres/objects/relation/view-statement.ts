import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { formatReloptions } from "../../sql/reloptions.ts";
import type { Relation } from "./relation.ts";
import { withOptions } from "./table-statement.ts";

/** CREATE VIEW; a dummy without sources when its rule has to follow separately because of a cycle. */
export function createView(view: Relation): string {
  const name = qualified(view.schema, view.name);
  return view.rule?.separate === true
    ? `CREATE VIEW ${name} AS\n${dummySelect(view)};\n`
    : `CREATE VIEW ${name}${viewDefinition(view)}`;
}

/** Replaces the dummy view by the real one. */
export function replaceView(view: Relation): string {
  return `CREATE OR REPLACE VIEW ${qualified(view.schema, view.name)}${viewDefinition(view)}`;
}

/** Makes a view independent of what it reads, so that that can be dropped. */
export function replaceViewByDummy(view: Relation): string {
  return `CREATE OR REPLACE VIEW ${qualified(view.schema, view.name)} AS\n${dummySelect(view)};\n`;
}

/** Without its rows: they are computed when everything it reads from has been restored. */
export function createMaterializedView(view: Relation): string {
  const name = qualified(view.schema, view.name);
  const unlogged = view.persistence === "u" ? "UNLOGGED " : "";
  return `CREATE ${unlogged}MATERIALIZED VIEW ${name}${withOptions(view)} AS\n${view.query}\n  WITH NO DATA;\n`;
}

function viewDefinition(view: Relation): string {
  const options = view.options.length === 0 ? "" : ` WITH (${formatReloptions(view.options)})`;
  const check = view.checkOption === null ? "" : `\n  WITH ${view.checkOption} CHECK OPTION`;
  return `${options} AS\n${view.query}${check};\n`;
}

function dummySelect(view: Relation): string {
  const columns = view.columns.map((column) => {
    // CREATE OR REPLACE VIEW can change neither type nor collation later.
    const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
    return `\n    NULL::${column.type}${collation} AS ${quoteIdentifier(column.name)}`;
  });
  return `SELECT${columns.join(",")}`;
}
