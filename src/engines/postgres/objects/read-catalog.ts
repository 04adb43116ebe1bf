import type { Capabilities } from "../capabilities.ts";
import { applyDependencies, askDependencies } from "./apply-dependencies.ts";
import { type Answers, askCatalog, type CatalogSession, type Queries, type RunQuery } from "./catalog-queries.ts";
import type { CatalogReader, SharedFacts, WantedExtras } from "./catalog-reader.ts";
import { type Descriptions, descriptionQueries, descriptionsOf } from "./descriptions.ts";
import type { DumpObject } from "./dump-object.ts";
import { objectTypes } from "./index.ts";
import { ObjectRegistry } from "./object-registry.ts";
import { everything, type ObjectSelection } from "./object-selection.ts";
import type { AnyObjectType } from "./object-type.ts";
import { relationType } from "./relation/relation-type.ts";
import { sharedFacts, sharedQueries } from "./shared-facts.ts";

/** Everything read from the catalogues of one database, with dependencies, not yet sorted. */
export interface DatabaseCatalog {
  readonly capabilities: Capabilities;
  readonly shared: SharedFacts;
  readonly descriptions: Descriptions;
  readonly registry: ObjectRegistry;
  /** Which type made an object, by dump id. */
  readonly typeOf: readonly AnyObjectType[];
}

const ordinary: WantedExtras = {
  statistics: false,
  definitions: true,
  data: true,
  sequenceData: true,
  unloggedData: true,
  loadViaRoot: false,
  inserts: undefined,
  toastCompression: true,
};

export interface CatalogOptions extends Partial<WantedExtras> {
  /** Default: all that is there. */
  readonly selection?: ObjectSelection;
  /** OIDs of tables that are dumped for certain. */
  readonly tables?: readonly number[];
  /** Called when everything was sent: what is asked now delays nothing. */
  readonly onAsked?: () => void;
}

/** Objects of one type. */
interface ReadType {
  readonly type: AnyObjectType;
  readonly objects: readonly DumpObject[];
}

/**
 * What {@link readCatalog} asks of the first session before it knows anything: relations, for which all else waits, and what belongs to
 * none of the types. Whoever asks it when the snapshot begins has the answers sooner.
 */
export function firstQuestions(capabilities: Capabilities): string[] {
  const queries = [sharedQueries, descriptionQueries, relationType.queries!(capabilities)];
  return queries.flatMap((each) => Object.values<Queries<string>[string]>(each)).flatMap((sql) => sql ?? []);
}

/**
 * Reads all object types and their dependencies. Whatever the database holds, the server is waited for twice: for what
 * can be asked at once, and for what is asked about the relations that are known then.
 * @param session in the dump's snapshot, with an empty search_path.
 */
export async function readCatalog(
  session: CatalogSession,
  capabilities: Capabilities,
  { selection = everything, tables = [], onAsked, ...extras }: CatalogOptions = {},
): Promise<DatabaseCatalog> {
  const wanted = { ...ordinary, ...extras };
  const { rows: run, aside = session } = session;
  const askedShared = askCatalog(run, sharedQueries);
  const askedDescriptions = askCatalog(run, descriptionQueries);
  const askedTypes = new AskedTypes();
  const placeOf = (type: AnyObjectType): RunQuery => (type.isAskedAside === true ? aside.rows : run);
  // Everything else waits for the relations: the first session looks for them alone, and what follows there keeps the server busy
  // while we read them.
  for (const type of objectTypes) {
    askedTypes.ask(type, type === relationType ? run : aside.rows, type.queries?.(capabilities));
  }
  if (tables.length > 0) {
    const oids = `'{${tables.join(",")}}'::pg_catalog.oid[]`;
    for (const type of objectTypes) {
      askedTypes.ask(type, placeOf(type), type.queriesAboutTables?.(oids, capabilities, wanted));
    }
  }

  const shared = sharedFacts(await askedShared);
  const descriptions = descriptionsOf(await askedDescriptions);
  const registry = new ObjectRegistry();
  const askedTables = new Set(tables);
  let askedDependencies: ReturnType<typeof askDependencies> | undefined;
  const reader: CatalogReader = { capabilities, registry, shared, descriptions, wanted, selection, askedTables };
  const read = await readTypes(reader, askedTypes, () => {
    // The server is still busy with what was asked at first.
    for (const type of objectTypes) askedTypes.ask(type, placeOf(type), type.queriesAboutRelations?.(reader));
    // Needed when all is read.
    askedDependencies = askDependencies(session);
    onAsked?.();
  });
  applyDependencies(await askedDependencies!, registry, shared);
  for (const { type, objects } of read) type.link?.(objects, registry);
  const typeOf: AnyObjectType[] = [];
  for (const { type, objects } of read) for (const { dumpId } of objects) typeOf[dumpId] = type;
  return { capabilities, shared, descriptions, registry, typeOf };
}

async function readTypes(reader: CatalogReader, asked: AskedTypes, onRelations: () => void): Promise<ReadType[]> {
  const read: ReadType[] = [];
  for (const type of objectTypes) {
    const objects = type.read(reader, await asked.take(type));
    read.push({ type, objects });
    if (type === relationType) onRelations();
  }
  return read;
}

/** Answers on their way. All of those may be held at once, but only until they are taken. */
class AskedTypes {
  readonly #answers = new Map<AnyObjectType, Promise<Answers<string>>[]>();

  /** Sends queries of a type, if there are some. */
  ask(type: AnyObjectType, run: RunQuery, queries: Queries<string> | undefined): void {
    if (queries === undefined) return;
    this.#answers.set(type, [...(this.#answers.get(type) ?? []), askCatalog(run, queries)]);
  }

  /** What was answered to a type; nothing when it asks nothing. */
  async take(type: AnyObjectType): Promise<Answers<string>> {
    const answers = this.#answers.get(type) ?? [];
    this.#answers.delete(type);
    const [first = {}, ...others] = await Promise.all(answers);
    return others.reduce(joinAnswers, first);
  }
}

function joinAnswers(some: Answers<string>, others: Answers<string>): Answers<string> {
  const join = (name: string): Answers<string>[string] => {
    const rows = some[name] ?? [];
    return others[name]!.length === 0 ? rows : [...rows, ...others[name]!];
  };
  return { ...some, ...Object.fromEntries(Object.keys(others).map((name) => [name, join(name)])) };
}
