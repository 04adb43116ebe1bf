import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import type { DumpedTable, DumpResult } from "../../../ports/dump.ts";

/** What reading a backup back tells of its contents; nothing where it cannot tell all. */
export function checkedResult(
  checked: CheckedBackup | undefined,
): Pick<DumpResult, "entries" | "tables" | "largeObjects" | "archiveVersion"> {
  if (checked === undefined) return {};
  const { entryCounts, tables, largeObjects, archiveVersion } = checked;
  const counted = tables.flatMap(({ schema, name, totals }): DumpedTable[] =>
    totals === undefined ? [] : [{ schema, name, ...totals }],
  );
  // Rows of INSERT statements are not counted; a list without them would pass for all.
  const isWhole = counted.length === tables.length;
  return {
    ...(entryCounts === undefined ? {} : { entries: Array.from(entryCounts, ([type, count]) => ({ type, count })) }),
    ...(isWhole ? { tables: counted } : {}),
    ...(isWhole && largeObjects !== undefined ? { largeObjects } : {}),
    ...(archiveVersion === undefined ? {} : { archiveVersion }),
  };
}
