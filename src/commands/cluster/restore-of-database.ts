import type { RestoreRequest } from "../../ports/restore.ts";
import type { RestoreClusterRequest } from "./restore-cluster.ts";

/** Databases that every server has. */
const always: ReadonlySet<string> = new Set(["postgres", "template1"]);

/** One that every server has is not created; whoever asked for the cluster was asked before. */
export function restoreOf(
  name: string,
  existing: ReadonlySet<string>,
  { restore }: Pick<RestoreClusterRequest, "restore">,
): RestoreRequest {
  const isThere = always.has(name) && existing.has(name);
  const ifExists = isThere && restore.clean;
  return { ...restore, target: name, create: true, isThere, ifExists, confirmed: true };
}
