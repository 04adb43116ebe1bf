import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { StatementConverter } from "../../convert/statement-converter.ts";
import type { DirectoryObject } from "../../directory/directory-index.ts";
import { type SplitTable, splitCreateTable } from "../../load/split-create-table.ts";
import { quoteName } from "../../quote.ts";
import { DefinerChanger } from "../../script/definer-changer.ts";
import { headOf, statementKind } from "../../script/statement-head.ts";
import type { FailureLog } from "../failure-log.ts";
import { withoutRestricted } from "../restricted-setting.ts";
import { runScript } from "../run-script.ts";
import { ScriptProgress } from "../script-progress.ts";
import { shownObject } from "./directory-scripts.ts";
import type { DirectorySource } from "./directory-source.ts";
import type { LoadSession } from "./load-session.ts";

/** What objects are made with. */
export interface ObjectMaking {
  readonly source: DirectorySource;
  readonly target: string;
  readonly request: Pick<RestoreRequest, "definer">;
  readonly failures: Pick<FailureLog, "note" | "count">;
  readonly warn: (message: string) => void;
  /** Makes definitions fit the server. */
  readonly converter: StatementConverter | undefined;
  /** Tables that are in the target already, by their names in small letters; undefined: nobody has looked. */
  readonly present?: ReadonlySet<string> | undefined;
  /** What is left for later of tables that are made. */
  readonly splits: Map<string, SplitTable>;
}

/** Nothing for what needs not be sent. */
export type RewriteStatement = (text: Buffer) => Buffer | undefined;

const silent = { emit: () => undefined };

/**
 * What becomes of the statements of an object.
 * @param split of a table: foreign keys, and perhaps indexes, are kept for later
 */
export function rewriterOf(
  { source, splits, present }: ObjectMaking,
  object: DirectoryObject,
  split: { readonly defersIndexes: boolean } | undefined,
): RewriteStatement {
  const drop =
    object.kind === "table" && present?.has(object.name.toLowerCase()) === false ? dropOf(object) : undefined;
  return (text) => {
    if (source.ownName !== undefined && statementKind(headOf(text)).kind === "use") return undefined;
    // To find that there is nothing takes servers half as long as to make a table.
    if (drop?.equals(text) === true) return undefined;
    if (split === undefined || splits.has(object.name)) return withoutRestricted(text);
    const cut = splitCreateTable(text.toString("latin1"), split.defersIndexes);
    if (cut === undefined) return withoutRestricted(text);
    splits.set(object.name, cut);
    return Buffer.from(cut.create, "latin1");
  };
}

function dropOf({ name }: DirectoryObject): Buffer {
  return Buffer.from(`DROP TABLE IF EXISTS ${quoteName(name)}`);
}

/** Runs the script of an object. @throws BackupError unless the log decides to go on */
export async function makeObject(
  { source, target, request, failures, warn, converter }: ObjectMaking,
  { connection, maxPacket, preamble }: Pick<LoadSession, "connection" | "maxPacket" | "preamble">,
  object: DirectoryObject,
  rewrite: RewriteStatement,
): Promise<void> {
  const { script, quoting, settingsEnd } = await preamble.open(source.script(object.schema!.file));
  const failed = failures.count;
  const ran = await runScript({
    source: script,
    quoting,
    ...(source.delimiter === undefined ? {} : { delimiter: source.delimiter }),
    connection,
    maxPacket,
    failures,
    progress: new ScriptProgress(silent),
    requireTarget: (database, doing) => {
      if (doing !== "uses" || database !== source.ownName) requireTarget(database, target, object);
    },
    onCreated: () => undefined,
    definers: new DefinerChanger(request.definer ?? "keep", connection),
    totals: undefined,
    object: shownObject(object),
    converter,
    rewrite,
  });
  const isAsSet = object.kind === "table" && failures.count === failed && ran.lastSettingAt < settingsEnd;
  if (isAsSet) preamble.keep(ran.quoting);
  else preamble.forget();
  for (const warning of ran.warnings) warn(`${shownObject(object)}: ${warning}`);
}

/** Adds what was kept for later. @throws BackupError unless the log decides to go on */
export async function alterTable(
  failures: FailureLog,
  { connection }: LoadSession,
  what: string,
  sql: string,
): Promise<void> {
  try {
    await connection.query(Buffer.from(sql, "latin1"));
  } catch (error) {
    failures.note(error, { line: 1, head: sql, object: what });
  }
}

function requireTarget(database: string, target: string, object: DirectoryObject): void {
  if (database === target) return;
  throw new BackupError({
    code: "USAGE",
    message: `the script of ${shownObject(object)} names database "${database}", not "${target}"`,
    hint: `restore it with --target "${database}"`,
  });
}
