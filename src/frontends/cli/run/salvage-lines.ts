import type { SalvagedParts } from "../../../commands/salvage-backup.ts";
import { counted, formatCount } from "../../../core/counted.ts";

/** What a restore of a damaged backup could not bring back as it was, for people. */
export function salvageLines({ tables, wholeTables, empty, changed, areDefinitionsUnproved }: SalvagedParts): string[] {
  const lines = [`  salvaged  ${formatCount(wholeTables)} of ${counted(tables, "table")} can be read whole`];
  for (const name of empty) lines.push(`  empty     table ${name}: its rows are damaged`);
  for (const what of changed) lines.push(`  changed   ${what}`);
  if (areDefinitionsUnproved) {
    lines.push(
      "  unproved  definitions: the hash of the file, which alone proves them, is not the one that was recorded",
    );
  }
  return lines;
}
