import type { ClusterRequest } from "../../../ports/cluster.ts";
import type { Globals } from "./globals.ts";

/** Globals without what options leave out. Pure. */
export function reducedGlobals(
  globals: Globals,
  {
    noPrivileges,
    noComments,
    noSecurityLabels,
  }: Pick<ClusterRequest, "noPrivileges" | "noComments" | "noSecurityLabels">,
): Globals {
  const reduced = {
    ...(noComments === true ? { comment: null } : {}),
    ...(noSecurityLabels === true ? { labels: [] } : {}),
  };
  return {
    ...globals,
    roles: globals.roles.map((role) => ({ ...role, ...reduced })),
    parameters: noPrivileges === true ? [] : globals.parameters,
    tablespaces: globals.tablespaces.map((space) => ({
      ...space,
      ...reduced,
      ...(noPrivileges === true ? { privileges: space.defaultPrivileges } : {}),
    })),
  };
}
