import type { Relation } from "../objects/read-relations.ts";
import { type RowHistory, readRowHistories } from "../objects/row-history.ts";
import { type DumpRun, wantsRows } from "./dump-run.ts";

/** The tables whose old versions of rows are dumped, too. @throws BackupError when they could not be loaded */
export async function historiesOf(run: DumpRun, tables: readonly Relation[]): Promise<ReadonlyMap<string, RowHistory>> {
  const { options, snapshot, database, source } = run;
  if (!options.history) return new Map();
  const dumped = tables.filter((table) => wantsRows(run, table));
  const wantsAny = !run.shape.schemaOnly && !run.shape.noData;
  return wantsAny ? await readRowHistories(snapshot.sessions[0]!, database, dumped, source.facts) : new Map();
}
