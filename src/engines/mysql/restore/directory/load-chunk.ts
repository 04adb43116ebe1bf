import { MysqlServerError } from "../../../../wire/mysql/server-error.ts";
import { loadRows } from "../../load/load-rows.ts";
import type { RestoreJournal } from "../journal/restore-journal.ts";
import { chunkLines } from "./chunk-lines.ts";
import type { LoadJob } from "./load-queue.ts";
import type { LoadSession } from "./load-session.ts";
import type { DirectoryRun } from "./run-directory.ts";

const deadlock = 1213;
/** Of one chunk; each time another session got on. */
const mostTries = 100;

/**
 * Loads the rows of one file in one transaction, and again when the server took it back for a deadlock: MariaDB from 10.6 on
 * locks the whole table for the first rows of an empty one, and two sessions that both want that wait for each other.
 * @throws BackupError unless the log decides to go on without these rows
 */
export async function loadChunk(
  run: DirectoryRun,
  session: LoadSession,
  { table, chunk }: Extract<LoadJob, { readonly kind: "chunk" }>,
  journal: RestoreJournal | undefined,
): Promise<void> {
  const { progress, failures, files, index, codec } = run;
  progress.beginChunk(table);
  for (let tries = 1; ; tries++) {
    let sent = 0;
    try {
      await session.connection.query("START TRANSACTION");
      await loadRows(session, {
        table: table.name,
        columns: table.data.columns,
        literals: chunk.literals,
        isAsWritten: table.isMadeHere,
        lines: chunkLines(files, chunk, index.compression, codec),
        expected: chunk,
        file: chunk.file,
        onBytes: (count) => {
          sent += count;
          progress.sent(count);
        },
      });
      if (journal !== undefined) await session.connection.query(journal.noteDone(`rows ${chunk.file}`));
      await session.connection.query("COMMIT");
      progress.endChunk(table, chunk.rows);
      return;
    } catch (error) {
      const isForgotten = error instanceof MysqlServerError && error.number === deadlock && tries < mostTries;
      if (!isForgotten) {
        failures.note(error, { line: 1, head: "", object: `rows of table "${table.name}" (${chunk.file})` });
      }
      progress.sent(-sent);
      await session.connection.query("ROLLBACK");
      if (!isForgotten) return;
    }
  }
}
