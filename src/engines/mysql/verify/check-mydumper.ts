import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import { scriptFile, statementEnd } from "../mydumper/mydumper-script.ts";
import { openMydumper } from "../mydumper/open-mydumper.ts";
import { eachStatement } from "../script/each-statement.ts";

/** Reads all scripts of a folder of mydumper to their ends: nothing says what they should be. @throws BackupError */
export async function checkMydumper(files: BackupFiles, codec: Codec, signal: AbortSignal): Promise<CheckedBackup> {
  const { index } = await openMydumper(files, codec);
  for (const { data } of index.objects) {
    for (const { file } of data?.chunks ?? []) {
      await eachStatement(scriptFile(files, file, codec), () => signal.throwIfAborted(), statementEnd);
    }
  }
  return {
    format: "directory",
    database: index.database,
    entries: index.objects.length,
    tables: index.objects.flatMap(({ kind, name }) => (kind === "table" ? [{ schema: index.database, name }] : [])),
  };
}
