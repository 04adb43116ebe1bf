import { counted } from "../../../../core/counted.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { PgConnection } from "../../../../wire/postgres/connection.ts";
import type { RestoreIdentity } from "../../../common/restore-identity.ts";
import type { ArchiveReader } from "../../archive/archive-reader.ts";
import type { ArchivePlan } from "../archive-plan.ts";
import type { BlockSource } from "../block-source.ts";
import { journalIdentity } from "./journal-identity.ts";
import { emptiedEntries, remainingPlan } from "./remaining-plan.ts";
import { RestoreJournal } from "./restore-journal.ts";

export interface JournalContext {
  readonly reader: ArchiveReader;
  readonly blocks: BlockSource;
  readonly plan: ArchivePlan;
  readonly request: RestoreRequest;
}

/** A journal, and what of the plan it leaves to do. */
export interface OpenedJournal {
  readonly journal: RestoreJournal;
  readonly left: ArchivePlan;
  /** Dump ids of rows that come into tables a second time, which may have their indexes already. */
  readonly emptied: ReadonlySet<number>;
}

/**
 * Begins a journal in the target, and lets the other sessions of the run in.
 * @param connection a session in the target that speaks binary text
 * @throws BackupError PRECHECK when there is one already
 */
export async function beginJournal(context: JournalContext, connection: PgConnection): Promise<OpenedJournal> {
  const journal = await RestoreJournal.begin(connection, identityOf(context));
  await journal.open(connection);
  return { journal, left: context.plan, emptied: new Set() };
}

/**
 * Takes up the journal that is there, and lets the other sessions of the run in.
 * @throws BackupError PRECHECK when the restore cannot be resumed
 */
export async function resumeJournal(context: JournalContext, connection: PgConnection): Promise<OpenedJournal> {
  const opened = await readJournal(context, connection);
  if (opened.hasCrashed) await opened.journal.takeBack(connection, [...opened.emptied]);
  await opened.journal.open(connection);
  return opened;
}

/** The same without touching anything. Keeps other runs away while the connection lives. */
export async function readJournal(
  context: JournalContext,
  connection: PgConnection,
): Promise<OpenedJournal & { readonly hasCrashed: boolean }> {
  const { plan } = context;
  const found = await RestoreJournal.resume(connection, identityOf(context));
  const hasCrashed = await found.hasCrashed(connection);
  const unlogged = hasCrashed ? await unloggedRelations(connection) : new Set<string>();
  const emptied = emptiedEntries(plan, found, ({ namespace, tag }) => unlogged.has(`${namespace ?? ""}\0${tag}`));
  const ids = emptied.map(({ dumpId }) => dumpId);
  const journal = found.without(ids);
  return { journal, left: remainingPlan(plan, journal), emptied: new Set(ids), hasCrashed };
}

/** For people: how far earlier runs came. */
export function resumedMessage({ left }: OpenedJournal, { entries }: ArchivePlan): string {
  return `${entries.length - left.entries.length} of ${counted(entries.length, "entry", "entries")} are there already`;
}

function identityOf({ reader, blocks, plan, request }: JournalContext): RestoreIdentity {
  return journalIdentity(reader, blocks, plan, request);
}

/** Schema and name, joined by a NUL. */
async function unloggedRelations(connection: PgConnection): Promise<Set<string>> {
  const { rows } = await connection.query(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'S')`,
  );
  return new Set(rows.map(([schema, name]) => `${schema}\0${name}`));
}
