import { createHash } from "node:crypto";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import { type RestoreIdentity, shapingOptions } from "../../../common/restore-identity.ts";
import type { ArchiveContents } from "../../archive/archive-contents.ts";
import type { ArchivePlan } from "../archive-plan.ts";
import type { BlockSource } from "../block-source.ts";

/** By header, table of contents and the size of each entry's data. */
export function journalIdentity(
  { header, entries }: Pick<ArchiveContents, "header" | "entries">,
  blocks: Pick<BlockSource, "storedBytes">,
  { drops, entries: planned }: ArchivePlan,
  request: RestoreRequest,
): RestoreIdentity {
  const archive = createHash("sha256").update(JSON.stringify(header));
  for (const entry of entries) archive.update(JSON.stringify([entry, blocks.storedBytes(entry.dumpId)]));
  const plan = createHash("sha256").update(JSON.stringify(drops.map(({ dumpId }) => dumpId)));
  for (const { entry, parts } of planned) plan.update(JSON.stringify([entry.dumpId, parts.definition, parts.data]));
  return { archive: archive.digest("hex"), plan: plan.digest("hex"), options: shapingOptions(request) };
}
