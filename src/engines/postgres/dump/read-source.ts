import type { NotIncluded } from "../../../ports/dump.ts";
import type { WantedExtras } from "../objects/catalog-reader.ts";
import { type DatabaseFacts, readDatabase } from "../objects/database.ts";
import { type DatabaseDetails, readDatabaseDetails } from "../objects/database-details.ts";
import { type DumpScope, readNotIncluded } from "../objects/not-included.ts";
import { notSelected } from "../objects/not-selected.ts";
import { type DatabaseCatalog, readCatalog } from "../objects/read-catalog.ts";
import { findDemandingExtensions, refuseExtensions } from "../objects/refuse-extensions.ts";
import { findUnsupportedObjects, refuseUnsupportedObjects } from "../objects/unsupported.ts";
import type { DumpSession } from "./dump-session.ts";
import { type NameDecoder, nameDecoder } from "./name-decoder.ts";
import { readServerFacts, type ServerFacts } from "./server-facts.ts";

/** All that a dump knows of its source before it copies data. */
export interface Source {
  readonly facts: ServerFacts;
  readonly database: DatabaseFacts & DatabaseDetails;
  readonly decodeName: NameDecoder;
  /** Examples are binary strings. */
  readonly notIncluded: readonly NotIncluded[];
  readonly catalog: DatabaseCatalog;
  /** What the user should know of extensions that were allowed. */
  readonly warnings: readonly string[];
}

/**
 * Reads the catalogues, without waiting in between.
 * @param encoding in which the session answers
 * @throws BackupError UNSUPPORTED_OBJECT
 */
export async function readSource(
  session: DumpSession,
  encoding: string,
  dump: DumpScope & WantedExtras,
  allowedExtensions: readonly string[],
): Promise<Source> {
  const { capabilities, selection, tables } = session;
  const { rows } = session.aside ?? session;
  // Behind what objects are made of: the server does it while we read those.
  const askOthers = () => ({
    facts: readServerFacts(rows),
    database: readDatabase(rows, capabilities),
    details: readDatabaseDetails(rows),
    unsupported: findUnsupportedObjects(rows, selection),
    extensions: findDemandingExtensions(rows, selection),
    notIncluded: readNotIncluded(rows, capabilities, { ...dump, largeObjects: selection.largeObjects && dump.data }),
  });
  let others: ReturnType<typeof askOthers> | undefined;
  const onAsked = (): void => {
    others = askOthers();
    // Of those that nobody comes to wait for, because another one failed first, nobody wants to know.
    for (const answer of Object.values(others)) answer.catch(() => {});
  };
  const catalog = await readCatalog(session, capabilities, { ...dump, selection, tables, onAsked });
  const asked = others ?? askOthers();
  const database = await asked.database;
  const decodeName = nameDecoder(encoding);
  refuseUnsupportedObjects(await asked.unsupported, decodeName);
  const warnings = refuseExtensions(await asked.extensions, allowedExtensions);
  return {
    facts: await asked.facts,
    database: { ...database, ...(await asked.details) },
    decodeName,
    notIncluded: [...notSelected(catalog), ...(await asked.notIncluded)],
    catalog,
    warnings,
  };
}
