import { BackupError } from "../../../../core/backup-error.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { ProgressSink } from "../../../../ports/progress.ts";
import type {
  BackupContents,
  BackupSummary,
  Finding,
  GrowingBackup,
  RestorableBackup,
  RestorePlan,
  RestoreRequest,
  RestoreResult,
  ScriptResult,
} from "../../../../ports/restore.ts";
import { openMysqlSession } from "../../../../wire/mysql/open-session.ts";
import { flagForArchives } from "../../../common/flags-for-archives.ts";
import { converterFor } from "../../convert/find-conversions.ts";
import { type Announcement, type DirectoryHead, indexWith, readAnnouncement } from "../../directory/announcements.ts";
import { dataOf } from "../../directory/directory-index.ts";
import { interruptedRestore } from "../directory/check-resumed.ts";
import { chosenObjects } from "../directory/chosen-objects.ts";
import { restoreInto } from "../directory/restore-into.ts";
import { hasJournal } from "../journal/restore-journal.ts";
import { preCheckScript } from "../pre-check.ts";
import type { ResolveSpec } from "../script-backup.ts";
import { readTargetFacts, type TargetFacts } from "../target-facts.ts";
import { FollowProgress } from "./follow-progress.ts";
import { runFollowing } from "./run-following.ts";

type Beginning = Extract<Announcement, { readonly kind: "head" }>;

export interface Following {
  readonly growing: GrowingBackup;
  readonly codec: Codec;
  readonly resolve: ResolveSpec;
}

/** A backup of format `directory` that is restored while it is written: nothing but the head of its index is known. */
export class FollowedDirectory implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #following: Following;
  readonly #head: DirectoryHead;
  /** Those that the backup will hold. */
  readonly #tables: readonly string[];
  readonly #lines: AsyncIterator<string>;
  readonly #stop: AbortController;

  private constructor(
    following: Following,
    { head, tables }: Beginning,
    lines: AsyncIterator<string>,
    stop: AbortController,
  ) {
    this.#following = following;
    this.#head = head;
    this.#tables = tables;
    this.#lines = lines;
    this.#stop = stop;
    this.summary = {
      format: "directory",
      family: "mysql",
      database: head.database,
      encoding: head.character_set,
      serverVersion: head.server_version,
      dumperVersion: head.tool,
      compression: head.compression,
      entries: 0,
    };
  }

  /** @throws BackupError UNSUPPORTED_FORMAT; what `finished` throws when the dump ended at once */
  static async open(following: Following, signal: AbortSignal): Promise<FollowedDirectory> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const lines = following.growing.announcements(both)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) {
      await following.growing.finished(signal);
      throw notUnderstood();
    }
    const announcement = readAnnouncement(first.value);
    if (announcement.kind !== "head") throw notUnderstood();
    return new FollowedDirectory(following, announcement, lines, stop);
  }

  contents(): BackupContents {
    return { columns: new Map() };
  }

  plan(request: RestoreRequest): RestorePlan {
    refuseUnknown(request);
    this.#chosenTables(request);
    const target = request.target ?? this.#head.database;
    return { target, steps: [], leftOut: new Map(), needsTrust: [], listing: [] };
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    const { target } = this.plan(request);
    const spec = await this.#following.resolve(request);
    await using connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
    const server = await readTargetFacts(connection, target, []);
    // What its objects demand of the server is not known yet.
    const facts = {
      demands: [],
      drops: new Set<string>(),
      needsTrust: [],
      longest: { bytes: 0, line: 0 },
      serverVersion: this.#head.server_version,
    };
    const relations = this.#chosenTables(request) ?? this.#tables;
    const findings = preCheckScript({ target, request, facts, storedBytes: 0, relations }, server);
    requireSameKind(this.#head, server);
    if (request.create || !server.targetExists || !(await hasJournal(connection, target))) return findings;
    return [interruptedRestore(target)];
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const { target } = this.plan(request);
    const { growing, codec, resolve } = this.#following;
    const spec = await resolve(request);
    const progress = new FollowProgress(sink);
    const into = { spec, target, request, defaults: this.#head, converter: undefined, progress, signal };
    const tables = this.#chosenTables(request);
    const reading = { growing, codec, head: this.#head, tables, lines: this.#lines, stop: this.#stop };
    return await restoreInto(into, (report) => runFollowing({ ...into, ...report, ...reading }));
  }

  writeScript(): Promise<ScriptResult> {
    throw cannot("--file");
  }

  /** Undefined: everything. @throws BackupError USAGE for a table that the backup will not hold */
  #chosenTables(request: RestoreRequest): ReadonlySet<string> | undefined {
    if (request.tables.length === 0) return undefined;
    const objects = this.#tables.map((name) => ({ kind: "table" as const, name, data: dataOf([], []) }));
    const { loaded } = chosenObjects(indexWith(this.#head, objects), request);
    return new Set(loaded.map(({ name }) => name));
  }
}

/** @throws BackupError USAGE for what cannot be done with a backup of which only the beginning is known */
function refuseUnknown(request: RestoreRequest): void {
  const others: readonly (readonly [flag: string, isAsked: boolean])[] = [
    ["--single-transaction", request.singleTransaction],
    ["--untrusted", request.untrusted],
    ["--convert", request.convert === true],
  ];
  const flag =
    flagForArchives({ ...request, jobs: { ...request.jobs, isAsked: false }, tables: [] }) ??
    others.find(([, isAsked]) => isAsked)?.[0];
  if (flag !== undefined) throw cannot(flag);
}

/**
 * What would have to be changed for another server is only known in the end, and is told before anything is touched.
 * @throws BackupError USAGE
 */
function requireSameKind({ server_version: version }: DirectoryHead, server: TargetFacts): void {
  if (converterFor(version, server) === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `--follow needs a server of the flavour and version of the backup (${version}), and this is ${server.server.versionText}: what must be changed for it is known when the backup is finished`,
    hint: "restore the finished backup without --follow",
  });
}

function cannot(flag: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `${flag} cannot be honoured with --follow: what the backup holds is known when it is finished`,
    hint: "leave it out, or wait until the backup is finished",
  });
}

function notUnderstood(): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_FORMAT",
    message: "what the running backup tells of itself does not begin as expected",
    hint: "restore it when it is finished",
  });
}
