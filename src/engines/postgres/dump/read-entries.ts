import { collectGarbage } from "../../../core/collect-garbage.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { type DumpShape, wholeShape } from "../../../ports/dump-shape.ts";
import { headerEntries } from "../archive/header-entries.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";
import type { Capabilities } from "../capabilities.ts";
import { Catalog, type WantedExtras } from "../objects/catalog-reader.ts";
import type { DatabaseFacts } from "../objects/database.ts";
import { type DatabaseDetails, databaseDetailEntries } from "../objects/database-details.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import { entryChooser, partsOfShape } from "./choose-entries.ts";
import type { ChosenFormat } from "./choose-format.ts";
import type { DumpSession } from "./dump-session.ts";
import { EntryDependencies } from "./entry-dependencies.ts";
import { listed, listedWithDependencies, planScript } from "./plan-entries.ts";
import { readSource, type Source } from "./read-source.ts";
import { ungroupLargeObjects } from "./ungroup-large-objects.ts";

/** What is known of a source beside what is in it. */
export interface KnownSource extends Omit<Source, "catalog"> {
  /** The entries that stand first: the session's settings and the database. */
  readonly first: readonly PlannedEntry[];
}

/** What is dumped, once: entries are made when they are asked for, and the catalogues are held until then. */
export interface SourceToCome {
  readonly source: KnownSource;
  /** All of them, to be taken once. */
  readonly entries: Iterable<PlannedEntry>;
  /** Those of an archive: must see each entry, and then knows what it depends on. */
  readonly dependencies: EntryDependencies | undefined;
  /** Whether the entries are what is written: not so for large objects in archives that have an entry for each. */
  readonly isFinal: boolean;
  /** All of them together and complete, in the place of `entries`. */
  list(): readonly PlannedEntry[];
}

/** What is known as long as rows are copied. */
export interface SourceEntries extends KnownSource {
  readonly entries: readonly PlannedEntry[];
}

/**
 * Reads the catalogues and plans the entries of the archive. The objects they were made of, twice as large, are let go:
 * who calls must not hold them while rows are copied.
 * @param encoding in which the session answers
 * @throws BackupError UNSUPPORTED_OBJECT
 */
export async function readEntries(
  session: DumpSession,
  encoding: string,
  request: DumpRequest,
  format: ChosenFormat,
): Promise<SourceEntries> {
  return withListedEntries(await readSourceToCome(session, encoding, request, format));
}

/** The entries as a list, which holds nothing of the catalogues. */
export function withListedEntries({ source, list }: SourceToCome): SourceEntries {
  return { ...source, entries: list() };
}

/**
 * Does what {@link readEntries} does, but makes no list.
 * @param hasAsked called when the catalogues are read, and nothing is planned yet
 */
export async function readSourceToCome(
  session: DumpSession,
  encoding: string,
  request: DumpRequest,
  format: ChosenFormat,
  hasAsked?: () => Promise<void>,
): Promise<SourceToCome> {
  const shape = request.shape ?? wholeShape;
  const create = format.kind === "archive" || shape.script.create;
  const wanted = wantedExtras(request);
  const { catalog, ...source } = await readSource(
    session,
    encoding,
    { databaseItself: create, ...wanted },
    request.allowedExtensions ?? [],
  );
  await hasAsked?.();
  if (catalog.registry.lastDumpId > manyObjects) collectGarbage();
  const database = { ...withShape(source.database, shape), encoding };
  const nextDumpId = (): number => catalog.registry.nextDumpId();
  const first = entriesOfDatabase(database, shape, nextDumpId);
  const planned = planScript(catalog, shape);
  const dependencies = format.kind === "archive" ? new EntryDependencies(catalog.registry) : undefined;
  const list = (): readonly PlannedEntry[] => {
    if (dependencies === undefined) return [...first, ...listed(planned.entries)];
    const entries = listedWithDependencies(planned.entries, dependencies);
    return [...first, ...(format.groupsLargeObjects ? entries : ungroupLargeObjects(entries, nextDumpId))];
  };
  const ofStatistics = statisticsWarnings(wanted.statistics, session.capabilities);
  return {
    source: { ...source, first, warnings: [...source.warnings, ...planned.warnings, ...ofStatistics] },
    entries: joined(first, planned.entries),
    dependencies,
    isFinal: format.groupsLargeObjects || catalog.registry.ofKind("large-object").length === 0,
    list,
  };
}

function* joined<T>(...parts: readonly Iterable<T>[]): Generator<T, void> {
  for (const part of parts) yield* part;
}

/**
 * From so many objects on, what their rows were is collected before anything is made of them: of 50,000 tables 60 MB, in 0.2 s. With fewer
 * the time counts more.
 */
const manyObjects = 100_000;

/** What of the database's objects is read. */
function wantedExtras(request: DumpRequest): WantedExtras {
  const shape = request.shape ?? wholeShape;
  const kinds = wantedKinds(partsOfShape(shape, true));
  const isOfData = shape.sections.length === 0 || shape.sections.includes("data");
  return {
    statistics: request.statistics === true || shape.statisticsOnly,
    definitions: kinds.schema,
    data: kinds.data,
    sequenceData: (kinds.data || shape.sequenceData) && isOfData,
    unloggedData: !shape.noUnloggedTableData,
    inserts: shape.inserts,
    loadViaRoot: shape.loadViaPartitionRoot,
    toastCompression: !shape.noToastCompression,
  };
}

function withShape<D extends DatabaseFacts>(database: D, { script }: DumpShape): D {
  return script.noTablespaces ? { ...database, createStatement: database.createStatementAnywhere } : database;
}

function statisticsWarnings(isWanted: boolean, { statisticsFunctions }: Capabilities): string[] {
  if (!isWanted || statisticsFunctions) return [];
  return [
    "the optimizer's statistics can be restored by PostgreSQL 18 and newer only, not by the version they come from",
  ];
}

/** What stands first in a table of contents. */
function entriesOfDatabase(
  database: DatabaseFacts & DatabaseDetails,
  shape: DumpShape,
  nextDumpId: () => number,
): PlannedEntry[] {
  const first = headerEntries(
    {
      encoding: database.encoding,
      database: {
        catalog: { table: Catalog.pg_database, oid: database.oid },
        name: database.name,
        owner: database.owner,
        create: database.createStatement,
        drop: database.dropStatement,
      },
    },
    nextDumpId,
  );
  const { dumpId } = first.at(-1)!;
  const details = databaseDetailEntries({ ...database, dumpId }, database, nextDumpId);
  return [...first, ...details].filter(entryChooser(shape));
}
