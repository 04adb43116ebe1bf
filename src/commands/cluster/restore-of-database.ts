import type { RestoreRequest } from "../../ports/restore.ts";
import type { RestorableCluster } from "./restorable-cluster.ts";
import type { RestoreClusterRequest } from "./restore-cluster.ts";

/** Databases that every server has. */
const always: ReadonlySet<string> = new Set(["postgres", "template1"]);

/**
 * One that every server has is not created; whoever asked for the cluster was asked before. A script goes to it by itself,
 * and says nothing of its settings.
 */
export function restoreOf(
  name: string,
  existing: ReadonlySet<string>,
  { restore }: Pick<RestoreClusterRequest, "restore">,
  { metadata }: Pick<RestorableCluster, "metadata">,
): RestoreRequest {
  const isThere = always.has(name) && existing.has(name);
  const isScript = metadata === undefined;
  const ifExists = isThere && restore.clean && !isScript;
  return { ...restore, target: name, create: !(isThere && isScript), isThere, ifExists, confirmed: true };
}
