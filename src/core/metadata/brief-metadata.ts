import type { BackupTags } from "../backup-tags.ts";
import type { ArtifactMetadata, BackupMetadata } from "./metadata-schema.ts";

/** What many backups say alike; one object for all that do. */
export interface CommonMetadata
  extends Pick<
    BackupMetadata,
    | "backup_type"
    | "compression"
    | "database"
    | "database_type"
    | "encrypted"
    | "format"
    | "format_version"
    | "host"
    | "method"
    | "port"
    | "scope"
    | "version"
  > {
  /** The source's system identifier or `server_uuid`. */
  readonly server?: string;
  readonly isSealed?: true;
  /** Something was left out; of a sample nothing is said. */
  readonly isPartial?: true;
  readonly isSample?: true;
}

/** What is shown and decided of a backup among many: of a hundred thousand, the whole metadata take seconds to read. */
export interface BriefMetadata {
  readonly common: CommonMetadata;
  readonly id: string;
  readonly timestamp: string;
  /** The same, in milliseconds since 1970. */
  readonly time: number;
  readonly sizeBytes: number;
  readonly durationSeconds: number | undefined;
  readonly baseBackup: string | undefined;
  readonly holdUntil: string | undefined;
  readonly tags: BackupTags | undefined;
  /** Name of the folder that its artifacts lie in, where it is one. */
  readonly folder: string | undefined;
  readonly artifacts: readonly Pick<ArtifactMetadata, "name" | "size">[];
}

/** The same as texts: those of `common` are equal where backups say the same. */
export interface BriefTexts {
  readonly common: string;
  readonly own: string;
}

/** The rarer fields of one backup. */
interface More {
  readonly base?: string;
  readonly hold?: string;
  readonly tags?: BackupTags;
  readonly folder?: string;
  /** Names and sizes; missing for one file that is called as its metadata and is all of the backup. */
  readonly artifacts?: readonly (readonly [string, number])[];
}

type Own = readonly [id: string, timestamp: string, size: number, duration: number | null, more?: More];

/**
 * @param stem name of the metadata's file, without what says that it is metadata
 * @param folder that the artifacts lie in
 */
export function briefTexts(metadata: BackupMetadata, stem: string, folder: string | undefined): BriefTexts {
  const { artifacts, base_backup, hold_until, tags, duration_seconds } = metadata;
  const isUsual = artifacts.length === 1 && artifacts[0]!.name === stem && artifacts[0]!.size === metadata.size_bytes;
  const more: More = {
    ...(base_backup === undefined ? {} : { base: base_backup }),
    ...(typeof hold_until === "string" ? { hold: hold_until } : {}),
    ...(tags === undefined ? {} : { tags }),
    ...(folder === undefined ? {} : { folder }),
    ...(isUsual ? {} : { artifacts: artifacts.map(({ name, size }) => [name, size] as const) }),
  };
  const own: Own = [metadata.id, metadata.timestamp, metadata.size_bytes, duration_seconds ?? null];
  const hasMore = Object.keys(more).length > 0;
  return { common: JSON.stringify(commonOf(metadata)), own: JSON.stringify(hasMore ? [...own, more] : own) };
}

function commonOf(metadata: BackupMetadata): CommonMetadata {
  const { backup_type, compression, database, database_type, encrypted, format } = metadata;
  const { format_version, host, method, port, scope, version, source = {} } = metadata;
  const server = source.system_identifier ?? source.server_uuid;
  const isPartial = (metadata.partial?.length ?? 0) > 0 || (metadata.failed_databases?.length ?? 0) > 0;
  return {
    backup_type,
    compression,
    database,
    database_type,
    encrypted,
    format,
    format_version,
    host,
    method,
    port,
    scope,
    version,
    ...(server === undefined ? {} : { server }),
    ...(metadata.sealed === undefined ? {} : { isSealed: true }),
    ...(isPartial ? { isPartial } : {}),
    ...(metadata.sample === undefined ? {} : { isSample: true }),
  };
}

/** Reads such texts. */
export class BriefReader {
  readonly #commons = new Map<string, CommonMetadata>();

  /** @param stem as of {@link briefTexts} */
  read({ common, own }: BriefTexts, stem: string): BriefMetadata {
    const [id, timestamp, sizeBytes, duration, more] = JSON.parse(own) as Own;
    return {
      common: this.#commonOf(common),
      id,
      timestamp,
      time: Date.parse(timestamp),
      sizeBytes,
      durationSeconds: duration ?? undefined,
      baseBackup: more?.base,
      holdUntil: more?.hold,
      tags: more?.tags,
      folder: more?.folder,
      artifacts: more?.artifacts?.map(([name, size]) => ({ name, size })) ?? [{ name: stem, size: sizeBytes }],
    };
  }

  #commonOf(text: string): CommonMetadata {
    const known = this.#commons.get(text);
    if (known !== undefined) return known;
    const common = JSON.parse(text) as CommonMetadata;
    this.#commons.set(text, common);
    return common;
  }
}
