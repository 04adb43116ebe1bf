import type { ClusterContents, ClusterReader, ClusterRequest } from "../../ports/cluster.ts";
import type { DumpRequest } from "../../ports/dump.ts";
import { wholeShape } from "../../ports/dump-shape.ts";
import type { ProgressSink } from "../../ports/progress.ts";

/** What of a cluster is read, and how its databases are dumped. */
export interface ContentsRequest
  extends Pick<ClusterRequest, "connection" | "rolePasswords" | "databases" | "excludedDatabases" | "applicationName"> {
  readonly dump: Pick<DumpRequest, "shape" | "session" | "format" | "jobs" | "jobsAreAsked" | "mysql">;
  /** No databases are dumped. */
  readonly globalsOnly: boolean;
}

/** Reads what belongs to no database, by the same options as the databases. */
export async function readContents(
  { dump, globalsOnly, ...request }: ContentsRequest,
  { clusterReader, progress }: { readonly clusterReader: ClusterReader; readonly progress: ProgressSink },
  signal: AbortSignal,
): Promise<ClusterContents> {
  const { noPrivileges, noComments, noSecurityLabels } = dump.shape ?? wholeShape;
  const { role, quoteAllIdentifiers = false } = dump.session ?? {};
  return await clusterReader.read(
    {
      ...request,
      ...(role === undefined ? {} : { role }),
      noPrivileges,
      noComments,
      noSecurityLabels,
      quoteAllIdentifiers,
      ...(globalsOnly ? {} : { dump }),
    },
    { progress, signal },
  );
}
