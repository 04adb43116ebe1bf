import { BackupError } from "../core/backup-error.ts";
import type { BackupChecker, CheckSource } from "../ports/backup-checker.ts";
import { type BackupSurvey, type DamagedPlace, maxListedPlaces } from "../ports/backup-survey.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { ObjectFrames, OpenedObject } from "../ports/storage.ts";
import type { FoundBackup, FoundFolder } from "./found-backup.ts";
import { HashedFiles } from "./hashed-files.ts";
import { knownContents } from "./known-contents.ts";
import { plainObject } from "./plain-object.ts";
import { type Damage, damageCodes } from "./verify-folder.ts";

/** A range of stored bytes in which something is not what was written. */
export interface StoredPlace {
  /** Name of the artifact. */
  readonly artifact: string;
  /** Of the first byte in the stored file. */
  readonly offset: number;
  /** Bytes; 0 where something is missing. */
  readonly length: number;
  /** Of an encrypted file: its frames, counted from 0. */
  readonly frames?: { readonly first: number; readonly last: number };
  readonly object: string;
  readonly message: string;
}

/** Where a backup is damaged, and what of it can be restored all the same. */
export interface SurveyedBackup extends Omit<BackupSurvey, "places" | "contentsFile"> {
  readonly places: readonly StoredPlace[];
  /** Set when nothing of it can be restored, with the reason. */
  readonly unusable?: string;
}

/** What looks at damaged backups. */
export interface SurveyPorts {
  readonly checker: BackupChecker;
  readonly progress: ProgressSink;
  readonly maxPlainBytes?: number;
}

/**
 * Reads a damaged backup once more, beyond its first damage.
 * @param damage what was found already
 * @returns undefined for a format of which nothing is known behind the first damage
 * @throws BackupError for what is no damage: IO, UNSUPPORTED_FORMAT, INTERRUPTED
 */
export async function surveyBackup(
  backup: FoundBackup,
  damage: readonly Damage[],
  ports: SurveyPorts,
  signal: AbortSignal,
): Promise<SurveyedBackup | undefined> {
  const { folder, location, artifacts, metadata } = backup;
  if (folder === undefined && artifacts.length !== 1) return undefined;
  if (metadata?.format === "plain" || metadata?.format === "sql") {
    return nothingUsable("it is a script, of which nothing is known behind its first damage");
  }
  ports.progress.emit({ event: "phase", phase: "survey", message: `looking for what is whole in ${location}` });
  try {
    return await (folder === undefined
      ? surveyFile(backup, damage, ports, signal)
      : surveyFolder(backup, folder, ports, signal));
  } catch (error) {
    if (!(error instanceof BackupError) || !(damageCodes.has(error.code) || error.code === "NOT_FOUND")) throw error;
    return nothingUsable(error.message);
  }
}

function nothingUsable(unusable: string): SurveyedBackup {
  const nothing = { places: [], morePlaces: 0, tables: 0, damagedTables: [], damagedOthers: [], canBeSalvaged: false };
  return { ...nothing, areDefinitionsUnproved: true, unusable };
}

async function surveyFile(
  backup: FoundBackup,
  damage: readonly Damage[],
  ports: SurveyPorts,
  signal: AbortSignal,
): Promise<SurveyedBackup | undefined> {
  const artifact = backup.artifacts[0]!;
  const { name } = artifact;
  const object = await plainObject(artifact, await artifact.open(), { isSalvaged: true });
  try {
    const stream = () => piecesOf(object);
    const survey = await ask(backup, { kind: "file", object, stream }, ports, signal);
    if (survey === undefined) {
      const isArchive = backup.metadata?.format === "custom" || backup.metadata?.format === "tar";
      return isArchive ? nothingUsable("it does not begin as an archive does") : undefined;
    }
    const places = survey.places.map((place) => storedPlace(place, name, object.frames));
    if (places.length === 0 && damage.some((one) => one.object === name)) places.push(somewhere(name, object.size));
    return { ...survey, places };
  } finally {
    await object.close();
  }
}

/** The hash of the file differs, and nothing that has a checksum of its own. */
function somewhere(artifact: string, length: number): StoredPlace {
  return {
    artifact,
    offset: 0,
    length,
    object: "what no checksum but that of the file covers",
    message: "definitions, or bytes that say nothing: all rows are those that were recorded",
  };
}

async function surveyFolder(
  backup: FoundBackup,
  folder: FoundFolder,
  ports: SurveyPorts,
  signal: AbortSignal,
): Promise<SurveyedBackup | undefined> {
  const files = new HashedFiles(backup, await folder.sizes(), () => {}, { isSalvaged: true });
  const survey = await ask(backup, { kind: "folder", files }, ports, signal);
  if (survey === undefined) return undefined;
  const { contentsFile, ...found } = survey;
  await files.finish(signal);
  const places: StoredPlace[] = [];
  for (const place of survey.places) {
    const file = place.file!;
    places.push(storedPlace(place, files.artifactOf(file) ?? file, await framesOf(files, file)));
  }
  // A file is a place by itself when nothing in it is known to be another one.
  for (const { name, message } of files.changed) {
    if (places.some(({ artifact }) => artifact === name)) continue;
    const length = backup.metadata?.artifacts.find((artifact) => artifact.name === name)?.size ?? 0;
    const isContents = contentsFile !== undefined && files.artifactOf(contentsFile) === name;
    const object = isContents ? "table of contents" : "what no other checksum covers";
    places.push({ artifact: name, offset: 0, length, object, message });
    if (isContents) return { ...nothingUsable(`its table of contents is not what was written`), places };
  }
  return { ...found, places };
}

async function framesOf(files: HashedFiles, name: string): Promise<ObjectFrames | undefined> {
  if (!files.sizes.has(name)) return undefined;
  try {
    const object = await files.open(name);
    await object.close();
    return object.frames;
  } catch (error) {
    // A file that cannot be opened has no frames that anybody knows.
    if (error instanceof BackupError && damageCodes.has(error.code)) return undefined;
    throw error;
  }
}

async function ask(
  { metadata }: FoundBackup,
  source: CheckSource,
  { checker, maxPlainBytes }: SurveyPorts,
  signal: AbortSignal,
): Promise<BackupSurvey | undefined> {
  const { expectedRows } = knownContents(metadata);
  const limit = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  return await checker.survey({ ...source, ...limit }, expectedRows === undefined ? {} : { expectedRows }, signal);
}

function storedPlace(place: DamagedPlace, artifact: string, frames: ObjectFrames | undefined): StoredPlace {
  const { from, to, object, message } = place;
  if (frames === undefined) return { artifact, offset: from, length: to - from, object, message };
  const first = Math.floor(from / frames.plainBytes);
  const last = Math.max(first, Math.floor((to - 1) / frames.plainBytes));
  const offset = frames.stored(first).from;
  return {
    artifact,
    offset,
    length: Math.max(0, frames.stored(last).to - offset),
    frames: { first, last },
    object,
    message,
  };
}

async function* piecesOf(object: OpenedObject): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const piece = Buffer.allocUnsafe(256 * 1024);
    const count = await object.readAt(position, piece);
    if (count === 0) return;
    position += count;
    yield piece.subarray(0, count);
  }
}

/** A database of a backup of a server, and what was found in it; no survey: it is whole, or its format lets nobody know. */
export interface SurveyedDatabase {
  readonly name: string;
  readonly tables: number;
  readonly survey: SurveyedBackup | undefined;
}

/** What was found in the databases of a backup of a server. Undefined when nothing was. */
export function joinSurveys(databases: readonly SurveyedDatabase[]): SurveyedBackup | undefined {
  const found = databases.flatMap(({ name, survey }) => (survey === undefined ? [] : [{ name, survey }]));
  if (found.length === 0) return undefined;
  const places = found.flatMap(({ name, survey }) =>
    survey.places.map((place) => ({ ...place, object: `database "${name}", ${place.object}` })),
  );
  const more = found.reduce((sum, { survey }) => sum + survey.morePlaces, Math.max(0, places.length - maxListedPlaces));
  return {
    places: places.slice(0, maxListedPlaces),
    morePlaces: more,
    tables: databases.reduce((sum, { tables, survey }) => sum + (survey?.tables ?? tables), 0),
    damagedTables: found.flatMap(({ name, survey }) => survey.damagedTables.map((one) => ({ database: name, ...one }))),
    damagedOthers: found.flatMap(({ name, survey }) => [
      ...(survey.unusable === undefined ? [] : [`all of database "${name}" (${survey.unusable})`]),
      ...survey.damagedOthers.map((what) => `${what} of database "${name}"`),
    ]),
    canBeSalvaged: false,
    areDefinitionsUnproved: found.some(({ survey }) => survey.areDefinitionsUnproved),
  };
}
