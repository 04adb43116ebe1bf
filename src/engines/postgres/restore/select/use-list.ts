import { BackupError } from "../../../../core/backup-error.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";

/**
 * The entries that an edited listing names, in its order. What stands behind a semicolon is comment, lines without a
 * number before it are empty or comments.
 * @param list what `--list` printed, with lines taken out, moved or commented out
 * @throws BackupError USAGE for a line that names nothing in this archive, or names it twice
 */
export function usedEntries(entries: readonly TocEntry[], list: string): readonly TocEntry[] {
  const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const used = new Map<TocEntry, number>();
  for (const [index, line] of list.split(/\r?\n/).entries()) {
    const [text = "", ...comment] = line.split(";");
    if (text.trim() === "") continue;
    const refuse = (reason: string) => wrongLine(index + 1, reason);
    if (!/^\s*\d{1,10}\s*$/.test(text)) throw refuse(`"${text.trim()}" is no number of an entry`);
    const entry = byId.get(Number(text));
    if (entry === undefined) throw refuse(`the archive has no entry ${Number(text)}`);
    const identity = /^\s*(\d+) (\d+) /.exec(comment.join(";"));
    const { table, oid } = entry.catalog;
    if (identity !== null && (Number(identity[1]) !== table || Number(identity[2]) !== oid)) {
      throw refuse(`entry ${entry.dumpId} is another object in this archive`);
    }
    const before = used.get(entry);
    if (before !== undefined) throw refuse(`entry ${entry.dumpId} is named on line ${before} already`);
    used.set(entry, index + 1);
  }
  return [...used.keys()];
}

function wrongLine(line: number, reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `line ${line} of the list cannot be used: ${reason}`,
    hint: "make the list with --list from this backup, and take lines out, move them, or put a semicolon before them",
  });
}
