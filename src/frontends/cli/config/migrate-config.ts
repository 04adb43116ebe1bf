import { readOptionValue } from "../read-option-value.ts";
import { configKeys } from "./config-keys.ts";

/** A configuration file made of an old one. */
export interface MigratedConfig {
  /** Its sections, as `dbbackup.toml` has them. */
  readonly document: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** What was not taken over, and what to do instead. */
  readonly notes: readonly string[];
}

type OldValues = ReadonlyMap<string, string>;

/** Values that the old program wrote for "nothing is said". */
const saysNothing = new Set(["", "0", "false"]);

/** What to do instead of what has no counterpart. */
const instead: Readonly<Record<string, string>> = {
  "database.database": "the database is named on the command line: dbbackup backup single NAME",
  "backup.work_dir": "temporary files lie in the folder that TMPDIR names",
  "backup.cluster_parallelism": "general.jobs says how many connections work beside each other",
  "performance.max_cores": "general.jobs says how many connections work beside each other",
  "performance.max_memory_mb": "memory has fixed limits, see docs/benchmarks.md",
  "security.max_retries": "requests to buckets are repeated as often as makes sense",
  "cloud.access_key": "credentials come from the provider's own chain, see docs/storage.md",
  "cloud.secret_key": "credentials come from the provider's own chain, see docs/storage.md",
};

/** Names of settings whose values are not shown. */
const mayBeSecret = /pass|pwd|secret|token|key|credential|auth/i;

/** Keys that `migrateConfig` reads. */
const read = new Set(
  [
    "database.type database.host database.port database.user database.ssl_mode engine.native_engine engine.fallback_tools",
    "backup.backup_dir backup.compression backup.jobs backup.dump_jobs performance.compression_algorithm performance.backup_format",
    "security.retention_days security.min_backups cloud.enabled cloud.provider cloud.bucket cloud.region cloud.auto_upload",
  ].flatMap((keys) => keys.split(" ")),
);

/**
 * Makes a configuration of `.dbbackup.conf`, the INI file that dbbackup 3 wrote: sections in brackets, `key = value`, comments behind `#`.
 * Pure.
 */
export function migrateConfig(text: string): MigratedConfig {
  const old = readIni(text);
  const notes: string[] = [];
  const document: Record<string, Record<string, string | number>> = {};
  const put = (place: string, value: string | undefined, from: string): void => {
    if (value === undefined || saysNothing.has(value)) return;
    const { section, key, option } = configKeys.find((known) => `${known.section}.${known.key}` === place)!;
    try {
      const taken = readOptionValue(option, value, place);
      document[section] = { ...document[section], [key]: typeof taken === "number" ? taken : String(taken) };
    } catch {
      notes.push(`${shownSetting(from, value)} means nothing to ${place}: left out`);
    }
  };
  for (const name of ["host", "port", "user", "ssl_mode"]) put(`source.${name}`, old.get(`database.${name}`), name);
  put("source.db_type", old.get("database.type"), "type");
  put("general.engine", engineOf(old), "native_engine");
  put("general.jobs", said(old, "backup.dump_jobs") ?? said(old, "backup.jobs"), "dump_jobs");
  put("repository.url", old.get("backup.backup_dir"), "backup_dir");
  put("backup.compression", compressionOf(old), "compression");
  put("backup.format", formatOf(old), "backup_format");
  put("retention.days", old.get("security.retention_days"), "retention_days");
  put("retention.min_backups", old.get("security.min_backups"), "min_backups");
  notes.push(...cloudNotes(old));
  for (const [place, text_] of old) {
    if (read.has(place) || saysNothing.has(text_)) continue;
    notes.push(`${shownSetting(place, text_)}: left out; ${instead[place] ?? "there is no such setting"}`);
  }
  return { document, notes };
}

/** A setting for people: without its value where that may be a credential, or hold one. Users write more into such files than we wrote. */
function shownSetting(place: string, value: string): string {
  const mayHold = place.startsWith("cloud.") || mayBeSecret.test(place) || value.includes("://");
  return mayHold ? place : `${place} = ${value}`;
}

function readIni(text: string): OldValues {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    const heading = /^\[(.*)\]$/.exec(trimmed)?.[1];
    if (heading !== undefined) {
      section = heading.trim();
      continue;
    }
    const at = trimmed.indexOf("=");
    if (at > 0) values.set(`${section}.${trimmed.slice(0, at).trim()}`, trimmed.slice(at + 1).trim());
  }
  return values;
}

function said(old: OldValues, place: string): string | undefined {
  const found = old.get(place);
  return found === undefined || saysNothing.has(found) ? undefined : found;
}

function isTrue(old: OldValues, place: string): boolean {
  return ["true", "1"].includes(old.get(place) ?? "");
}

function engineOf(old: OldValues): string | undefined {
  if (!old.has("engine.native_engine")) return undefined;
  if (!isTrue(old, "engine.native_engine")) return "tools";
  return isTrue(old, "engine.fallback_tools") ? "auto" : "native";
}

function compressionOf(old: OldValues): string | undefined {
  const level = old.get("backup.compression");
  if (level === undefined) return undefined;
  const method = said(old, "performance.compression_algorithm") ?? "gzip";
  return level === "0" ? "none" : `${method}:${level}`;
}

/** The old word for a script is that of MySQL's. */
function formatOf(old: OldValues): string | undefined {
  const format = said(old, "performance.backup_format");
  const isPostgres = (old.get("database.type") ?? "postgres").startsWith("postgres");
  return format === "sql" && isPostgres ? "plain" : format;
}

/** Whose URLs these are the old file did not say for sure: the new one is written by hand. */
function cloudNotes(old: OldValues): string[] {
  if (!isTrue(old, "cloud.enabled")) return [];
  const schemes: Readonly<Record<string, string>> = { s3: "s3", minio: "minio", b2: "b2", azure: "azure", gcs: "gs" };
  const [provider, bucket] = [said(old, "cloud.provider") ?? "s3", said(old, "cloud.bucket") ?? "BUCKET"];
  const region = said(old, "cloud.region");
  const url = `${schemes[provider] ?? provider}://${bucket}${region === undefined ? "" : `?region=${region}`}`;
  const use = isTrue(old, "cloud.auto_upload")
    ? "as url of a [[replicas]], if backups are to be copied there"
    : "with cloud upload --to";
  return [`cloud: left out; use ${url} ${use}, see docs/storage.md`];
}
