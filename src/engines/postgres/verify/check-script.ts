import { BackupError } from "../../../core/backup-error.ts";
import type { CheckedBackup, CheckedTable } from "../../../ports/backup-checker.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { readScript } from "../restore/script/read-script.ts";
import { checkRows } from "./check-rows.ts";
import { copyTarget } from "./copy-target.ts";

const encodingPattern = /^SET client_encoding = '([A-Za-z0-9_-]+)';$/;

/** Splits a whole script into its statements and counts the rows of its COPY data. */
export async function checkScript(plain: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CheckedBackup> {
  const scanner = new RowScanner();
  const tables: CheckedTable[] = [];
  let decode = nameDecoder("UTF8");
  let statements = 0;
  for await (const item of readScript(plain, undefined, "measure")) {
    signal.throwIfAborted();
    if (item.kind === "command") continue;
    statements++;
    if (item.kind === "long statement") continue;
    if (item.kind === "statement") {
      const encoding = encodingPattern.exec(item.sql.trimEnd())?.[1];
      if (encoding !== undefined) decode = nameDecoder(encoding);
      continue;
    }
    const totals = await checkRows(item.rows, scanner, false);
    const target = copyTarget(item.sql);
    if (target !== undefined) tables.push({ schema: decode(target.schema), name: decode(target.name), totals });
  }
  if (statements === 0) {
    throw new BackupError({ code: "FOREIGN_FILE", message: "the script holds no statement", hint: "name a backup" });
  }
  return { format: "plain", database: "", entries: statements, tables };
}
