import type { RestoreRequest } from "../../ports/restore.ts";
import type { RestorableCluster } from "./restorable-cluster.ts";
import type { RestoreClusterRequest } from "./restore-cluster.ts";

/**
 * One that every server has is not created; whoever asked for the cluster was asked before. A script goes to it by itself,
 * and says nothing of its settings.
 */
export function restoreOf(
  name: string,
  existing: ReadonlySet<string>,
  { restore }: Pick<RestoreClusterRequest, "restore">,
  { metadata, alwaysThere }: Pick<RestorableCluster, "metadata" | "alwaysThere">,
): RestoreRequest {
  const isThere = alwaysThere.has(name) && existing.has(name);
  const isScript = metadata === undefined;
  const ifExists = isThere && restore.clean && !isScript;
  return { ...restore, target: name, create: !(isThere && isScript), isThere, ifExists, confirmed: true };
}
