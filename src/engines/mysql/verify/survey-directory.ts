import { BackupError } from "../../../core/backup-error.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import {
  type BackupSurvey,
  type DamagedPlace,
  maxListedPlaces,
  type SurveyedTable,
} from "../../../ports/backup-survey.ts";
import type { Codec } from "../../../ports/codec.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { ForgivingFiles } from "../../common/forgiving-files.ts";
import { isDamage } from "../../common/forgiving-object.ts";
import {
  type DirectoryIndex,
  type DirectoryObject,
  INDEX_FILE,
  readDirectoryIndex,
  tablesWithData,
} from "../directory/directory-index.ts";
import { checkChunk, checkScriptFile } from "./check-directory.ts";

/** What is whole in a directory. */
export interface SurveyedDirectory {
  readonly survey: BackupSurvey;
  readonly index: DirectoryIndex;
  /** Objects whose definitions are damaged. */
  readonly withoutDefinition: ReadonlySet<DirectoryObject>;
  /** Names of tables with damaged rows. */
  readonly withoutRows: ReadonlySet<string>;
}

/**
 * Looks for every damaged file of a backup in directory format, and for the tables whose rows are whole.
 * @throws BackupError DAMAGED, FOREIGN_FILE when its index cannot be read
 */
export async function surveyDirectory(
  folder: BackupFiles,
  codec: Codec,
  signal: AbortSignal,
): Promise<SurveyedDirectory> {
  if (!folder.sizes.has(INDEX_FILE)) throw indexDamaged("the file is missing");
  const files = new ForgivingFiles(folder);
  const index = await readDirectoryIndex(files, true);
  const [hole] = files.holesOf(INDEX_FILE);
  if (hole !== undefined) throw indexDamaged(hole.message);
  const places = new DirectoryPlaces(files);
  const damagedOthers: string[] = [];
  const withoutDefinition = new Set<DirectoryObject>();
  for (const one of index.objects) {
    const { kind, name, schema } = one;
    signal.throwIfAborted();
    if (schema === undefined) continue;
    const object = `definition of ${kind} "${name}"`;
    const isWhole = await places.isWhole(schema.file, object, () => checkScriptFile(files, schema.file, schema.sha256));
    if (isWhole) continue;
    withoutDefinition.add(one);
    damagedOthers.push(object);
  }
  const check = { files, codec, signal, scanner: new RowScanner(), compression: index.compression };
  const withoutRows = new Set<string>();
  const damagedTables: SurveyedTable[] = [];
  const undefinedTables = new Set([...withoutDefinition].flatMap(({ kind, name }) => (kind === "table" ? [name] : [])));
  const tables = tablesWithData(index);
  for (const { name, data } of tables) {
    let isWhole = true;
    for (const chunk of data.chunks) {
      const object = `table "${index.database}"."${name}"`;
      isWhole = (await places.isWhole(chunk.file, object, () => checkChunk(check, name, chunk))) && isWhole;
    }
    if (!isWhole) withoutRows.add(name);
    if (!isWhole || undefinedTables.has(name)) damagedTables.push({ schema: index.database, name });
  }
  const survey: BackupSurvey = {
    ...places.found,
    tables: tables.length,
    damagedTables,
    damagedOthers,
    contentsFile: INDEX_FILE,
    canBeSalvaged: true,
    areDefinitionsUnproved: false,
  };
  return { survey, index, withoutDefinition, withoutRows };
}

/** Damaged places, of which so many are kept. */
class DirectoryPlaces {
  readonly #files: ForgivingFiles;
  readonly #places: DamagedPlace[] = [];
  #morePlaces = 0;

  constructor(files: ForgivingFiles) {
    this.#files = files;
  }

  get found(): Pick<BackupSurvey, "places" | "morePlaces"> {
    return { places: this.#places, morePlaces: this.#morePlaces };
  }

  /** Reads a file, and notes what of it is damaged: frames of an encrypted one, else all of it. */
  async isWhole(file: string, object: string, read: () => Promise<void>): Promise<boolean> {
    let problem: string | undefined;
    const size = this.#files.sizes.get(file);
    if (size === undefined) problem = "the file is missing";
    else {
      try {
        await read();
      } catch (error) {
        if (!isDamage(error)) throw error;
        problem = error.message;
      }
    }
    const holes = this.#files.holesOf(file);
    for (const { from, to, message } of holes) this.#note({ file, from, to, object, message });
    if (holes.length > 0) return false;
    if (problem !== undefined) this.#note({ file, from: 0, to: size ?? 0, object, message: problem });
    return problem === undefined;
  }

  #note(place: DamagedPlace): void {
    if (this.#places.length < maxListedPlaces) this.#places.push(place);
    else this.#morePlaces += 1;
  }
}

function indexDamaged(why: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `its index cannot be read (${why})`,
    object: INDEX_FILE,
    hint: "use another copy of the backup",
  });
}
