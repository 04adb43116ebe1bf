import { BackupError } from "../../core/backup-error.ts";
import type { GlobalsRestorer, RestorableGlobals } from "../../ports/cluster.ts";
import { HashedObject } from "../hashed-object.ts";
import { plainObject } from "../plain-object.ts";
import { HashedRead } from "../read-object.ts";
import type { FoundCluster } from "./cluster-parts.ts";

/**
 * Reads the script of globals whole.
 * @throws BackupError DAMAGED when it is not what was written
 */
export async function openGlobals(
  { globals, metadata }: FoundCluster,
  restorer: GlobalsRestorer,
  signal: AbortSignal,
): Promise<RestorableGlobals> {
  const stored = new HashedObject(await globals.open());
  const object = await plainObject(globals, stored);
  try {
    const opened = await restorer.open(new HashedRead(object, () => {}, signal).pieces());
    const recorded = metadata.artifacts.find(({ name }) => name === globals.name)?.sha256;
    if (recorded === undefined || (await stored.finish()) === recorded) return opened;
  } finally {
    await object.close();
  }
  throw new BackupError({
    code: "DAMAGED",
    message: "the script of globals is not what was written; nothing was touched",
    object: globals.name,
    hint: "restore from another copy",
  });
}
