import type { DatabaseType } from "../../core/database-type.ts";
import type { BackupMetadata, ObjectMetadata } from "../../core/metadata/metadata-schema.ts";
import { joinRowTotals, type RowTotals } from "../../core/row-totals.ts";
import type { CheckedBackup } from "../../ports/backup-checker.ts";
import type { RestorableBackup } from "../../ports/restore.ts";
import type { PromisedContents, PromisedTable } from "../../ports/restore-proof.ts";

/** The only kind of row checksums that can be computed anew. */
const knownChecksums = "rowsum128-v1";

/** What is known of a backup: from its metadata, else from what decoding it found. */
export interface KnownBackup {
  readonly backup: RestorableBackup;
  readonly metadata: BackupMetadata | undefined;
  readonly decoded: CheckedBackup | undefined;
  /** The restore left out owners and privileges. */
  readonly withoutRoles: boolean;
}

/** All that a restored database is held against. Pure. */
export function promisedContents(known: KnownBackup): PromisedContents {
  const { backup, metadata } = known;
  const { encoding, format } = backup.summary;
  return {
    format,
    encoding: metadata?.encoding ?? metadata?.source?.encoding ?? encoding,
    sourceMajor: sourceMajor(known),
    sourceVersion: metadata?.database_version ?? backup.summary.serverVersion,
    isPartial: (metadata?.partial ?? []).length > 0,
    // What decoding finds are rows as COPY text: others may come from statements.
    tablesAreAll: metadata?.objects !== undefined && (metadata.partial ?? []).length === 0,
    contents: backup.contents(),
    withoutRoles: known.withoutRoles,
    ...(metadata?.row_settings === undefined ? {} : { rowSettings: metadata.row_settings }),
    ...(metadata?.entries === undefined
      ? {}
      : { entries: new Map(metadata.entries.map(({ type, count }) => [type, count])) }),
    ...rowsOf(known),
  };
}

/** Major version of the server that a backup was made of, when it says. */
export function sourceMajor({ backup, metadata }: Pick<KnownBackup, "backup" | "metadata">): number | undefined {
  return majorOf(metadata?.database_version ?? backup.summary.serverVersion);
}

/** Whose server a backup wants. */
export function databaseTypeOf({ backup, metadata }: Pick<KnownBackup, "backup" | "metadata">): DatabaseType {
  if ((backup.summary.family ?? "postgres") === "postgres") return "postgres";
  const { database_type: recorded, database_version: version = backup.summary.serverVersion } = metadata ?? {};
  return recorded === "mariadb" || /mariadb/i.test(version) ? "mariadb" : "mysql";
}

/** Of what a server says of its version; undefined for what is none. */
export function majorOf(version: string): number | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? /^(\d+)()/.exec(version) ?? [];
  if (major === undefined) return undefined;
  // Before 10 the first two numbers were the major version; nothing newer than these is asked of them.
  return Number(major) < 10 ? Number(major) + Number(minor || 0) / 10 : Number(major);
}

function rowsOf({ metadata, decoded }: KnownBackup): Pick<PromisedContents, "tables" | "largeObjects"> {
  const { objects } = metadata ?? {};
  if (objects === undefined) {
    if (decoded === undefined) return {};
    return {
      tables: decodedTables(decoded),
      ...(decoded.largeObjects === undefined ? {} : { largeObjects: decoded.largeObjects }),
    };
  }
  const isKnown = metadata?.checksum_type === knownChecksums;
  const large = objects.find(({ type }) => type === "large-objects");
  const isPartial = (metadata?.partial ?? []).length > 0;
  return {
    tables: objects.flatMap((object) => promisedTable(object, isKnown)),
    // A part of a database may leave them out.
    ...(large === undefined && isPartial
      ? {}
      : { largeObjects: { count: large?.rows ?? 0, bytes: large?.bytes ?? 0 } }),
  };
}

/** A script may load a table in several pieces: those of partitions, through their root. */
function decodedTables({ tables }: CheckedBackup): PromisedTable[] {
  const pieces = new Map<string, { schema: string; name: string; totals: RowTotals[] }>();
  for (const { schema, name, totals } of tables) {
    if (totals === undefined) continue;
    const key = `${schema}\0${name}`;
    const known = pieces.get(key) ?? { schema, name, totals: [] };
    known.totals.push(totals);
    pieces.set(key, known);
  }
  return Array.from(pieces.values(), ({ schema, name, totals }) => {
    const { rows, checksum } = joinRowTotals(totals);
    return { schema, name, rows, checksum };
  });
}

function promisedTable(
  { type, schema, name, rows, checksum, row_history: hasHistory = false }: ObjectMetadata,
  isKnown: boolean,
): PromisedTable[] {
  if (type !== "table" || schema === undefined || name === undefined) return [];
  return [{ schema, name, rows, hasHistory, ...(isKnown && checksum !== undefined ? { checksum } : {}) }];
}
