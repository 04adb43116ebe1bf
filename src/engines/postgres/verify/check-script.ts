import { BackupError } from "../../../core/backup-error.ts";
import { joinRowTotals, type RowTotals } from "../../../core/row-totals.ts";
import type { CheckedBackup, CheckedTable } from "../../../ports/backup-checker.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { readScript } from "../restore/script/read-script.ts";
import { checkRows } from "./check-rows.ts";
import { copyTarget } from "./copy-target.ts";
import { LargeObjectCount } from "./count-large-objects.ts";
import { PassedText } from "./passed-text.ts";
import { commentBytes, rowsOfPartition } from "./rows-of-partition.ts";

const encodingPattern = /^SET client_encoding = '([A-Za-z0-9_-]+)';$/;

/** Splits a whole script into its statements and counts the rows of its COPY data. */
export async function checkScript(plain: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CheckedBackup> {
  const scanner = new RowScanner();
  const tables: CountedTable[] = [];
  let decode = nameDecoder("UTF8");
  let statements = 0;
  const largeObjects = new LargeObjectCount();
  const passed = new PassedText();
  for await (const item of readScript(passed.pass(plain), undefined, "measure")) {
    signal.throwIfAborted();
    if (item.kind === "command") continue;
    statements++;
    if (item.kind === "long statement") continue;
    if (item.kind === "statement") {
      const encoding = encodingPattern.exec(item.sql.trimEnd())?.[1];
      if (encoding !== undefined) decode = nameDecoder(encoding);
      largeObjects.add(item.sql);
      continue;
    }
    const target = rowsOfPartition(passed.at(item.from, commentBytes)) ?? copyTarget(item.sql);
    const totals = await checkRows(item.rows, scanner, false);
    if (target !== undefined) tables.push({ schema: decode(target.schema), name: decode(target.name), totals });
  }
  if (statements === 0) {
    throw new BackupError({ code: "FOREIGN_FILE", message: "the script holds no statement", hint: "name a backup" });
  }
  return {
    format: "plain",
    database: "",
    entries: statements,
    tables: joinPieces(tables),
    ...largeObjectsOf(largeObjects),
  };
}

/** Other scripts may make them in other ways: that there are none is not certain. */
function largeObjectsOf({ count, bytes }: LargeObjectCount): Pick<CheckedBackup, "largeObjects"> {
  return count === 0 ? {} : { largeObjects: { count, bytes } };
}

/** What is known of several pieces of one table is known of all together. */
function joinPieces(pieces: readonly CountedTable[]): CheckedTable[] {
  const joined = new Map<string, CountedTable>();
  for (const piece of pieces) {
    const key = `${piece.schema}\0${piece.name}`;
    const known = joined.get(key);
    joined.set(key, known === undefined ? piece : { ...piece, totals: joinRowTotals([known.totals, piece.totals]) });
  }
  return [...joined.values()];
}

type CountedTable = CheckedTable & { readonly totals: RowTotals };
