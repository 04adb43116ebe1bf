import { CLUSTER_NAME } from "../../core/backup-name.ts";
import type { BackupTags } from "../../core/backup-tags.ts";
import { formatCompression } from "../../core/compression.ts";
import { type BackupMetadata, METADATA_VERSION } from "../../core/metadata/metadata-schema.ts";
import { ENCRYPTION_ALGORITHM } from "../../core/metadata/sealed-metadata.ts";
import type { ClusterContents } from "../../ports/cluster.ts";
import type { BinlogSnapshot, DumpRequest, NotIncluded } from "../../ports/dump.ts";
import { artifactMetadata, binlogSnapshotOf, type WrittenArtifact } from "../backup-metadata.ts";
import type { FailedDatabase } from "./backup-cluster.ts";
import type { DumpedDatabase } from "./dump-into-cluster.ts";

export interface ClusterFacts {
  readonly id: string;
  readonly startedAt: Date;
  readonly durationSeconds: number;
  /** Name of the folder. */
  readonly key: string;
  /** Name of the script of globals in it. */
  readonly globals: string;
  readonly globalsOnly: boolean;
  readonly contents: ClusterContents;
  readonly dump: Pick<DumpRequest, "format" | "compression">;
  readonly dumped: readonly DumpedDatabase[];
  readonly failed: readonly FailedDatabase[];
  readonly isEncrypted: boolean;
  /** Of the one state that all databases were read from. */
  readonly snapshot: BinlogSnapshot | undefined;
  /** Options that leave something out. */
  readonly partial: readonly string[];
  /** Names in the folder. */
  readonly files: readonly WrittenArtifact[];
  readonly tool: { readonly name: string; readonly version: string };
  readonly tags: BackupTags | undefined;
}

/** What is stored beside the backup of a cluster. What is known of each database stands in that one's own metadata. Pure. */
export function clusterMetadata(facts: ClusterFacts): BackupMetadata {
  const { contents, dump, dumped, failed, files, key } = facts;
  const { server, globals } = contents;
  return {
    version: METADATA_VERSION,
    format_version: 1,
    id: facts.id,
    timestamp: facts.startedAt.toISOString(),
    duration_seconds: Math.round(facts.durationSeconds * 1000) / 1000,
    database: CLUSTER_NAME,
    database_type: server.databaseType ?? "postgresql",
    database_version: server.version,
    host: server.host,
    port: server.port,
    user: server.user,
    backup_file: key,
    size_bytes: files.reduce((sum, { size }) => sum + size, 0),
    compression: formatCompression(dump.compression),
    backup_type: "full",
    encrypted: facts.isEncrypted,
    ...(facts.isEncrypted ? { encryption_algorithm: ENCRYPTION_ALGORITHM } : {}),
    method: "logical",
    scope: "cluster",
    format: dump.format,
    tool: facts.tool,
    source: {
      encoding: server.encoding,
      ...(server.systemIdentifier === undefined ? {} : { system_identifier: server.systemIdentifier }),
      ...(server.uuid === undefined ? {} : { server_uuid: server.uuid }),
    },
    ...(facts.snapshot === undefined ? {} : { consistency: binlogSnapshotOf(facts.snapshot) }),
    globals: { artifact: `${key}/${facts.globals}`, roles: globals.roles, tablespaces: globals.tablespaces },
    databases: dumped.map(({ name, id, file, size, tables, rows }) => ({
      name,
      id,
      artifact: `${key}/${file}`,
      size_bytes: size,
      tables,
      rows,
    })),
    ...(failed.length === 0
      ? {}
      : { failed_databases: failed.map(({ name, error }) => ({ name, message: error.message })) }),
    artifacts: files.map((file) => artifactMetadata({ ...file, name: `${key}/${file.name}` })),
    ...(facts.partial.length === 0 ? {} : { partial: [...facts.partial] }),
    not_included: missingOf(facts).map((item) => ({ ...item, examples: [...item.examples] })),
    warnings: [
      ...contents.warnings,
      ...dumped.flatMap(({ name, warnings }) => warnings.map((text) => `database "${name}": ${text}`)),
      ...failed.map(({ name, error }) => `database "${name}" is not in the backup: ${error.message}`),
    ],
    tags: { ...facts.tags },
  };
}

const maxExamples = 5;

/** Kinds that a single database's backup lacks and a cluster's has. */
const inGlobals: ReadonlySet<string> = new Set([
  "roles",
  "users",
  "tablespaces",
  "databases",
  "role-settings",
  "shared-security-labels",
  "parameter-privileges",
]);

/** Kinds that every database of a server tells alike. */
const ofServer: ReadonlySet<string> = new Set([
  "server-settings",
  "replication-origins",
  "replication-slots",
  // Of MySQL and MariaDB.
  "loadable-functions",
  "servers",
  "plugins",
  "components",
  "resource-groups",
  "spatial-reference-systems",
]);

/** What the server holds and the backup does not: of all databases together. */
function missingOf({ contents, dumped, failed, globalsOnly }: ClusterFacts): NotIncluded[] {
  const found = new Map<string, NotIncluded>();
  const add = (item: NotIncluded, of: "server" | "database"): void => {
    const before = found.get(item.kind);
    const counts = [before?.count ?? 0, item.count] as const;
    found.set(item.kind, {
      ...item,
      count: of === "server" ? Math.max(...counts) : counts[0] + counts[1],
      examples: [...new Set([...(before?.examples ?? []), ...item.examples])].slice(0, maxExamples),
    });
  };
  for (const item of contents.notIncluded) add(item, "database");
  if (globalsOnly) addNames("databases", contents.databases, "only globals were asked for");
  addNames(
    "failed-databases",
    failed.map(({ name }) => name),
    "see the warnings for the reasons, and back them up again",
  );
  for (const { notIncluded } of dumped) {
    for (const item of notIncluded) {
      if (!inGlobals.has(item.kind)) add(item, ofServer.has(item.kind) ? "server" : "database");
    }
  }
  return [...found.values()];

  function addNames(kind: string, names: readonly string[], hint: string): void {
    if (names.length > 0) add({ kind, count: names.length, examples: names.slice(0, maxExamples), hint }, "database");
  }
}
