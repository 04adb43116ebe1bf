import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import type { ArchivePlan } from "./archive-plan.ts";
import { isNarrowed } from "./select/select-entries.ts";

/** A stream passes by once: an edited list must leave its data in order. */
export function requireDataInOrder({ withData }: Pick<ArchiveReader, "withData">, { entries }: ArchivePlan): void {
  const placeOf = new Map(withData.map(({ dumpId }, place) => [dumpId, place]));
  let last = -1;
  for (const { entry, parts } of entries) {
    const place = parts.data && entry.hadDumper ? placeOf.get(entry.dumpId)! : last;
    if (place < last) {
      throw new BackupError({
        code: "USAGE",
        message: `the list wants the data of entry ${entry.dumpId} behind data that comes later in the archive`,
        hint: "restore from a file, which can be read in any order, instead of from standard input",
      });
    }
    last = place;
  }
}

/** Rows that the metadata promises and the archive does not hold are lost. */
export function requireExpectedTables(plan: ArchivePlan, request: RestoreRequest, decode: NameDecoder): void {
  const { expectedRows } = request;
  if (expectedRows === undefined || !wantedKinds(request).data || isNarrowed(request)) return;
  const missing = new Set<string>(expectedRows.keys());
  for (const { entry } of plan.entries) {
    if (entry.hadDumper) missing.delete(`${decode(entry.namespace ?? "")}\0${decode(entry.tag)}`);
  }
  if (missing.size === 0) return;
  const [first] = missing;
  throw new BackupError({
    code: "DAMAGED",
    message: `the archive lacks the rows of ${counted(missing.size, "table")} that its metadata lists (first: "${first!.replace("\0", ".")}")`,
    hint: "archive and metadata do not belong together; restore from another copy",
  });
}
