import { loadRows } from "../../load/load-rows.ts";
import type { RestoreJournal } from "../journal/restore-journal.ts";
import { chunkLines } from "./chunk-lines.ts";
import { inTransaction } from "./in-transaction.ts";
import type { ChunkJob } from "./load-queue.ts";
import type { LoadSession } from "./load-session.ts";
import type { DirectoryRun } from "./run-directory.ts";

/**
 * Loads the rows of one file in one transaction, and notes it there.
 * @throws BackupError unless the log decides to go on without these rows
 */
export async function loadChunk(
  run: DirectoryRun,
  session: LoadSession,
  { table, chunk }: ChunkJob,
  journal: RestoreJournal | undefined,
): Promise<void> {
  const { progress, files, index, codec } = run;
  progress.beginChunk(table);
  const object = `rows of table "${table.name}" (${chunk.file})`;
  const rows = await inTransaction(run, session, object, async (onBytes) => {
    await loadRows(session, {
      table: table.name,
      columns: table.data.columns,
      literals: chunk.literals,
      typedJsonAsText: run.converter?.keepsTypesInJson === false,
      isAsWritten: table.isMadeHere,
      lines: chunkLines(files, chunk, index.compression, codec),
      expected: chunk,
      file: chunk.file,
      onBytes,
    });
    if (journal !== undefined) await session.connection.query(journal.noteDone(`rows ${chunk.file}`));
    return chunk.rows;
  });
  if (rows !== undefined) progress.endChunk(table, rows);
}
