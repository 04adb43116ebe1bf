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
import { listed, planEntries, planScript } from "./plan-entries.ts";
import { readSource, type Source } from "./read-source.ts";
import { ungroupLargeObjects } from "./ungroup-large-objects.ts";

/** What is dumped, once: the entries of a script are made when they are asked for, and the catalogues are held until then. */
export interface SourceToCome extends Omit<Source, "catalog"> {
  /** Those that stand first: the session's settings and the database. */
  readonly first: readonly PlannedEntry[];
  /** All of them. */
  readonly entries: Iterable<PlannedEntry>;
}

/** The same as long as rows are copied. */
export interface SourceEntries extends SourceToCome {
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
export function withListedEntries({ entries, ...source }: SourceToCome): SourceEntries {
  return { ...source, entries: Array.isArray(entries) ? entries : listed(entries) };
}

/**
 * Does what {@link readEntries} does, but for a script makes no list.
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
  const database = { ...withShape(source.database, shape), encoding };
  const planned = format.kind === "script" ? planScript(catalog, shape) : planEntries(catalog, shape);
  const nextDumpId = (): number => catalog.registry.nextDumpId();
  const first = entriesOfDatabase(database, shape, nextDumpId);
  return {
    ...source,
    first,
    warnings: [...source.warnings, ...planned.warnings, ...statisticsWarnings(wanted.statistics, session.capabilities)],
    entries: Array.isArray(planned.entries)
      ? [...first, ...(format.groupsLargeObjects ? planned.entries : ungroupLargeObjects(planned.entries, nextDumpId))]
      : joined(first, planned.entries),
  };
}

function* joined<T>(...parts: readonly Iterable<T>[]): Generator<T, void> {
  for (const part of parts) yield* part;
}

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
