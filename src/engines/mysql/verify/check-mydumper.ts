import { joinRowTotals, type RowTotals } from "../../../core/row-totals.ts";
import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import { scriptFile } from "../mydumper/mydumper-script.ts";
import { openMydumper } from "../mydumper/open-mydumper.ts";
import { checkScript } from "./check-script.ts";

/**
 * Reads all scripts of a folder of mydumper to their ends, and counts the rows of its INSERTs: nothing says what they should
 * be. @throws BackupError
 */
export async function checkMydumper(files: BackupFiles, codec: Codec, signal: AbortSignal): Promise<CheckedBackup> {
  const { index } = await openMydumper(files, codec);
  const tables: CheckedBackup["tables"][number][] = [];
  for (const { kind, name, data } of index.objects) {
    if (kind !== "table") continue;
    const found: RowTotals[] = [];
    for (const { file } of data?.chunks ?? []) {
      const script = await checkScript(scriptFile(files, file, codec), signal);
      found.push(...script.tables.flatMap(({ totals }) => totals ?? []));
    }
    tables.push({ schema: index.database, name, ...(found.length === 0 ? {} : { totals: joinRowTotals(found) }) });
  }
  return { format: "directory", database: index.database, entries: index.objects.length, tables };
}
