import { monotonic } from "../../../../core/monotonic.ts";
import type { RestoreRequest, RestoreResult } from "../../../../ports/restore.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import type { StatementConverter } from "../../convert/statement-converter.ts";
import type { DirectoryIndex } from "../../directory/directory-index.ts";
import { quoteName, quoteText } from "../../quote.ts";
import { analyzeDatabase } from "../analyze-database.ts";
import { FailureLog } from "../failure-log.ts";
import { incompleteTarget } from "../incomplete-target.ts";
import type { RestoreJournal } from "../journal/restore-journal.ts";
import { connectForRestore } from "../restore-session.ts";
import type { DirectoryProgress } from "./directory-progress.ts";

export interface RestoreTarget {
  readonly spec: MysqlConnectionSpec;
  readonly target: string;
  readonly request: RestoreRequest;
  /** What its objects were made under. */
  readonly defaults: Pick<DirectoryIndex, "character_set" | "collation">;
  /** Makes definitions fit the server. */
  readonly converter: StatementConverter | undefined;
  readonly progress: DirectoryProgress;
  readonly signal: AbortSignal;
}

/** What the work in a target reports to. */
export interface TargetReport {
  readonly failures: FailureLog;
  readonly warn: (message: string) => void;
  /** The target is there, and something is about to be changed in it. */
  readonly onTouched: (journal: RestoreJournal | undefined) => void;
}

/**
 * Makes the target where that is asked for, has the work done in it, and collects statistics.
 * @throws BackupError which names the target as incomplete, or says that it was dropped
 */
export async function restoreInto(
  { spec, target, request, defaults, converter, progress, signal }: RestoreTarget,
  work: (report: TargetReport) => Promise<void>,
): Promise<RestoreResult> {
  const started = monotonic();
  const failures = new FailureLog(request.onError);
  const warnings: string[] = [];
  let created = false;
  let touched = false;
  let journal: RestoreJournal | undefined;
  try {
    // A restore that is resumed has begun in the database that it created.
    if (request.create && request.journal !== "resume") {
      await createTarget({ spec, target, request, defaults, converter, signal });
      created = true;
    }
    await work({
      failures,
      // Several sessions may say the same.
      warn: (message) => void (warnings.includes(message) || warnings.push(message)),
      onTouched: (opened) => {
        touched = true;
        journal = opened;
      },
    });
    if (request.analyze === true) {
      progress.phase("analyze", "collecting the optimizer's statistics");
      await using connection = await connectForRestore(spec, target, { signal });
      warnings.push(...(await analyzeDatabase(connection, target)));
    }
    if (journal !== undefined) {
      await using connection = await connectForRestore(spec, target, { signal });
      await journal.end(connection);
    }
  } catch (error) {
    if (!created && !touched) throw error;
    const canResume = journal !== undefined;
    throw await incompleteTarget(error, spec, target, { drops: created && request.onError === "stop", canResume });
  }
  return {
    target,
    created,
    done: progress.objects,
    ...(request.journal === "resume" ? { doneBefore: progress.before } : {}),
    largeObjects: 0,
    rows: progress.rows,
    bytes: progress.bytes,
    failures: failures.failures,
    failed: failures.count,
    warnings,
    durationMs: monotonic() - started,
  };
}

/** With the defaults that its objects were made under. */
async function createTarget({
  spec,
  target,
  request,
  defaults: { character_set: charset, collation },
  converter,
  signal,
}: Omit<RestoreTarget, "progress">): Promise<void> {
  const name = quoteName(target);
  await using connection = await connectForRestore(spec, undefined, { signal });
  if (request.clean) await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  const words = [
    ...(charset === "" ? [] : [` CHARACTER SET ${quoteText(charset)}`]),
    ...(collation === "" ? [] : [` COLLATE ${quoteText(collation)}`]),
  ];
  const sql = `CREATE DATABASE ${name}${words.join("")}`;
  const { text = sql, impossible } = converter?.convert(sql, sql) ?? {};
  await connection.query(impossible === undefined ? text : `CREATE DATABASE ${name}`);
}
