import * as v from "valibot";
import type { ShapingOptions } from "../../core/changed-options.ts";
import type { FileContents, SourceState } from "../../ports/dump.ts";
import type { WrittenArtifact } from "../backup-metadata.ts";

/** Of the notes; another one is not ours to read. */
const notesVersion = 1;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

const recordSchema = v.object({
  kind: v.literal("backup"),
  version: v.literal(notesVersion),
  id: v.pipe(v.string(), v.uuid()),
  started: time,
  database: v.string(),
  /** The name that `--output` gives it; null in a repository. */
  output: v.nullable(v.string()),
  options: v.record(v.string(), v.unknown()),
  source: v.record(v.string(), v.string()),
});

const fileSchema = v.object({
  file: v.string(),
  size: count,
  sha256: v.string(),
  rows: count,
  bytes: count,
  checksum: v.optional(v.string()),
});

const resumedSchema = v.object({ resumed: time });

/** The first note of a backup that can be resumed: what it is. */
export interface BackupRecord {
  readonly id: string;
  readonly started: string;
  readonly database: string;
  readonly output: string | null;
  /** Those that say what is in it, by flag. */
  readonly options: ShapingOptions;
  readonly source: SourceState;
}

/** A file as its note has it. */
export interface NotedFile {
  readonly artifact: WrittenArtifact;
  readonly contents: FileContents;
}

/** What the notes say, as far as they can be read. */
export interface BackupNotes {
  /** By name; of a file that was written twice, the later. */
  readonly files: ReadonlyMap<string, NotedFile>;
  readonly resumed: readonly Date[];
}

export function formatRecord(record: BackupRecord): string {
  return JSON.stringify({ kind: "backup", version: notesVersion, ...record });
}

export function formatFileNote({ name, size, sha256 }: WrittenArtifact, contents: FileContents): string {
  return JSON.stringify({ file: name, size, sha256, ...contents });
}

export function formatResumedNote(at: Date): string {
  return JSON.stringify({ resumed: at.toISOString() });
}

/** Undefined for the first note of something else, or of another version. */
export function readRecord(firstNote: string): BackupRecord | undefined {
  const parsed = v.safeParse(recordSchema, jsonOf(firstNote));
  return parsed.success ? parsed.output : undefined;
}

/** A line that was not written whole is none. */
export async function readNotes(lines: AsyncIterable<string>): Promise<BackupNotes> {
  const files = new Map<string, NotedFile>();
  const resumed: Date[] = [];
  for await (const line of lines) {
    const json = jsonOf(line);
    const file = v.safeParse(fileSchema, json);
    if (file.success) files.set(file.output.file, notedFile(file.output));
    const again = v.safeParse(resumedSchema, json);
    if (again.success) resumed.push(new Date(again.output.resumed));
  }
  return { files, resumed };
}

/** No stage stands between the engine and the files of a folder: they are stored as they are made. */
function notedFile({ file, size, sha256, rows, bytes, checksum }: v.InferOutput<typeof fileSchema>): NotedFile {
  return {
    artifact: { name: file, size, sha256, plainSize: size, plainSha256: sha256 },
    contents: { rows, bytes, ...(checksum === undefined ? {} : { checksum }) },
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
