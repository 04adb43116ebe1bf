import { BackupError } from "../../../core/backup-error.ts";
import { isSafeComponent } from "../../../core/safe-path.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import { refuseWarnings } from "../load/refuse-warnings.ts";
import type { DirectorySource } from "../restore/directory/directory-source.ts";
import { inTransaction } from "../restore/directory/in-transaction.ts";
import type { LoadSession } from "../restore/directory/load-session.ts";
import { runScript } from "../restore/run-script.ts";
import { ScriptProgress } from "../restore/script-progress.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import type { StatementKind } from "../script/statement-head.ts";
import { plainFile, scriptFile, statementEnd } from "./mydumper-script.ts";

const silent = { emit: () => undefined };
const filePacketBytes = 256 * 1024;

/** Loads one file of rows in one transaction. It may set things of the session, and bring rows into the table: nothing else. */
export const loadMydumperFile: DirectorySource["load"] = async (run, session, { table, chunk }) => {
  const { progress, files, codec, failures, warn } = run;
  progress.beginChunk(table);
  const object = `rows of table "${table.name}" (${chunk.file})`;
  const rows = await inTransaction(run, session, undefined, async (onBytes) => {
    const count = new ScriptProgress(silent);
    const { warnings } = await runScript({
      source: counted(scriptFile(files, chunk.file, codec), onBytes),
      delimiter: statementEnd,
      connection: session.connection,
      failures,
      progress: count,
      requireTarget: () => undefined,
      onCreated: () => undefined,
      definers: new DefinerChanger("keep", session.connection),
      totals: undefined,
      object,
      requireAllowed: (kind, { head, line }) => requireRows(kind, head, line, chunk.file),
      loadFile: (text, line) => loadFile(files, codec, session, { text, line, table: table.name, script: chunk.file }),
    });
    for (const warning of warnings) warn(`${object}: ${warning}`);
    return count.rows;
  });
  if (rows !== undefined) progress.endChunk(table, rows);
};

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    onBytes(piece.length);
  }
}

function requireRows(kind: StatementKind, head: string, line: number, file: string): void {
  if (kind.kind === "local file" || (kind.kind === "rows" && kind.schema === "")) return;
  if (
    (kind.kind === "quoting" || kind.kind === "other") &&
    /^SET\b/i.test(head) &&
    !/\b(?:GLOBAL|PERSIST)/i.test(head)
  ) {
    return;
  }
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of "${file}" is no statement that mydumper writes into a file of rows`,
    object: file,
    hint: "it is not run; look at the file",
  });
}

interface LoadStatement {
  readonly text: Buffer;
  readonly line: number;
  readonly table: string;
  /** The file that it stands in. */
  readonly script: string;
}

/** What stands before the name of the file, the name, and the rest. */
const loadPattern = /^(LOAD DATA LOCAL INFILE )'([^'\\]+)'( .*\bINTO TABLE `(?:[^`]|``)+` (?!\.).*)$/is;

/** The server gets a file of the folder, and no other. */
async function loadFile(
  files: BackupFiles,
  codec: Parameters<typeof plainFile>[2],
  session: LoadSession,
  { text, line, table, script }: LoadStatement,
): Promise<number> {
  const [, before, path = "", behind] = loadPattern.exec(text.toString("latin1")) ?? [];
  const name = Buffer.from(path.slice(path.lastIndexOf("/") + 1), "latin1").toString();
  const file = [name, `${name}.gz`, `${name}.zst`].find((one) => isSafeComponent(one) && files.sizes.has(one));
  if (before === undefined || file === undefined) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: `line ${line} of "${script}" is a LOAD DATA LOCAL of no file of the folder`,
      object: script,
      hint: "it is never run: it would send files of this machine to the server",
    });
  }
  if (!session.loadsFiles) {
    throw new BackupError({
      code: "SERVER",
      message: `"${script}" loads "${file}" with LOAD DATA LOCAL, which the server takes from nobody (local_infile is off)`,
      object: script,
      hint: "SET GLOBAL local_infile = 1, and restore again",
    });
  }
  const { connection, maxPacket } = session;
  const outcome = await connection.loadLocal(
    // Names of columns may be in any letters.
    (offered) => Buffer.from(`${before}${offered}${behind}`, "latin1").toString(),
    plainFile(files, file, codec),
    Math.min(filePacketBytes, Math.floor(maxPacket / 2)),
  );
  if (outcome.warnings > 0) await refuseWarnings(session, { table, file, isAsWritten: false }, outcome.warnings);
  return outcome.affectedRows;
}
