import { checkChain } from "../../../commands/encryption/chain-of-repository.ts";
import { isCluster } from "../../../commands/found-backup.ts";
import {
  type BriefBackup,
  briefly,
  byTime,
  eachBackup,
  type ListedBackup,
  listBackups,
} from "../../../commands/list-backups.ts";
import type { BackupError } from "../../../core/backup-error.ts";
import { type BackupTags, checkedTagWords, tagWords } from "../../../core/backup-tags.ts";
import { type BackupsWish, chooseBackups } from "../../../core/choose-backups.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { ChainFinding } from "../../../core/metadata/backup-chain.ts";
import { BriefReader, type CommonMetadata } from "../../../core/metadata/brief-metadata.ts";
import { earlierProgram, isEarlier } from "../../../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../../../core/metadata/metadata-schema.ts";
import type { MarkFinder } from "../../../core/verification/mark-finder.ts";
import { summarizeMarks, type VerificationSummary } from "../../../core/verification/verification-summary.ts";
import type { KnownRepository } from "../../../ports/catalogue.ts";
import type { Storage } from "../../../ports/storage.ts";
import { formatAge, formatBytes, utcTime } from "../amounts.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { hasKeys, keySources } from "../key-sources.ts";
import type { OptionValues } from "../options/options.ts";
import { readPastTime } from "../read-time.ts";
import { repositoryOf } from "../repository-option.ts";
import { type Column, tableLines } from "../table.ts";
import { unlockingOf } from "../unlocking.ts";

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "DATABASE" },
  { title: "TIME (UTC)" },
  { title: "AGE", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "KIND" },
  { title: "FORMAT" },
  { title: "VERIFIED" },
];

/** What is shown of a backup. */
interface Line {
  readonly id: string;
  readonly database: string;
  readonly type: string;
  readonly timestamp: string;
  readonly time: number;
  readonly sizeBytes: number;
  readonly durationSeconds: number | undefined;
  readonly shown: Shown;
  readonly tags: BackupTags | undefined;
  /** Of its file or folder. */
  readonly name: string;
  /** Undefined when it was never verified. */
  readonly verified: VerificationSummary | undefined;
  readonly problems: readonly string[];
  /** Where all of it is shown. */
  readonly metadata?: BackupMetadata;
}

/** What many backups have in common. */
interface Shown {
  readonly kind: string;
  readonly format: string;
  readonly isSealed: boolean;
}

export const run: RunCommand = async ({ options }, context) => {
  const { services, output, signal } = context;
  const now = services.clock.now();
  const wish = wishOf(options, now);
  const wanted = options.tag === undefined ? undefined : checkedTagWords(options.tag);
  const repository = await services.openStorage(repositoryOf(options));
  const known = (await context.catalogue())?.repository(repositoryOf(options));
  const isJson = options.json === true;
  const isLean = !isJson && !hasKeys(keySources(options));
  const found = isLean ? await lines(repository, signal, known) : await listing(options, context, repository, known);
  const backups = chooseBackups(withTags(found.backups, wanted), wish);
  const sealed = wanted === undefined ? 0 : found.backups.filter(({ shown }) => shown.isSealed).length;
  if (sealed > 0)
    output.info(`${counted(sealed, "encrypted backup")} without a key: nobody can say which tags they have`);
  if (backups.length === 0) {
    const what = found.backups.length === 0 ? "no backups" : "no such backups";
    output.info(`there are ${what} in ${repository.location}`);
  } else await output.printEach(tableLines(columns, backups, (one) => cellsOf(one, now.getTime())));
  if (isJson) output.document(backups.map(documentOf));
  for (const { name, problems } of backups) {
    const object = `${repository.location}/${name}`;
    for (const problem of problems) output.warn(problem, { object, hint: "this backup cannot be restored" });
  }
  for (const { message, object, hint } of found.unreadable) {
    output.warn(message, { ...(object === undefined ? {} : { object }), ...(hint === undefined ? {} : { hint }) });
  }
  for (const { id, message } of found.findings) output.warn(message, { object: `backup ${id}` });
  const isWhole = found.unreadable.length === 0 && backups.every(({ problems }) => problems.length === 0);
  return isWhole ? ExitStatus.done : ExitStatus.partial;
};

interface Found {
  /** Oldest first. */
  readonly backups: readonly Line[];
  readonly unreadable: readonly BackupError[];
  readonly findings: readonly ChainFinding[];
}

/** Of as many backups as there may be, no more than is shown. */
async function lines(repository: Storage, signal: AbortSignal, known: KnownRepository | undefined): Promise<Found> {
  const backups: Line[] = [];
  const reader = new LineReader();
  const take = (one: BriefBackup, marks: MarkFinder): void => void backups.push(reader.lineOf(one, marks));
  const { unreadable } = await eachBackup(repository, signal, take, known);
  return { backups: backups.toSorted(byTime), unreadable, findings: [] };
}

/** With all metadata, opened where there are keys. */
async function listing(
  options: OptionValues,
  { services, progress, signal }: CliContext,
  repository: Storage,
  known: KnownRepository | undefined,
): Promise<Found> {
  const reader = new LineReader();
  const { backups, unreadable, marks } = await listBackups(repository, signal, known);
  const lineOf = (one: ListedBackup): Line => reader.wholeLine(one, marks);
  if (!hasKeys(keySources(options))) return { backups: backups.map(lineOf), unreadable, findings: [] };
  const chain = await checkChain(backups, await unlockingOf(options, services, progress), signal);
  return {
    backups: chain.backups.map(lineOf),
    unreadable: [...unreadable, ...chain.failures],
    findings: chain.findings,
  };
}

/** Takes of listed backups what is shown of them. */
class LineReader {
  readonly #shown = new Map<CommonMetadata, Shown>();
  readonly #briefs = new BriefReader();

  lineOf({ brief, name, problems }: BriefBackup, marks: MarkFinder): Line {
    const { common, id, timestamp, time, sizeBytes, durationSeconds, tags } = brief;
    const { database, backup_type: type } = common;
    const shown = this.#shownOf(common);
    const verified = summarizeMarks(marks.of(name));
    return { id, database, type, timestamp, time, sizeBytes, durationSeconds, shown, tags, name, verified, problems };
  }

  wholeLine(listed: ListedBackup, marks: MarkFinder): Line {
    return { ...this.lineOf(briefly(listed, this.#briefs), marks), metadata: listed.metadata };
  }

  #shownOf(common: CommonMetadata): Shown {
    const known = this.#shown.get(common);
    if (known !== undefined) return known;
    const shown = { kind: kindOf(common), format: formatOf(common), isSealed: common.isSealed === true };
    this.#shown.set(common, shown);
    return shown;
  }
}

/** @throws BackupError USAGE when a time is none */
function wishOf(
  { database, kind, since, before, sort = "time", reverse, limit }: OptionValues,
  now: Date,
): BackupsWish {
  return {
    sort,
    reverse: reverse === true,
    ...(database === undefined ? {} : { databases: database }),
    ...(kind === undefined ? {} : { kind }),
    ...(since === undefined ? {} : { since: readPastTime("since", since, now, "begins").getTime() }),
    ...(before === undefined ? {} : { before: readPastTime("before", before, now, "ends").getTime() }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** Those that have one of the tags; all when none are named. */
function withTags(backups: readonly Line[], wanted: readonly string[] | undefined): readonly Line[] {
  return wanted === undefined
    ? backups
    : backups.filter(({ tags }) => tagWords(tags).some((word) => wanted.includes(word)));
}

/** `full`; `full, partial`; `full, cluster`; `sample`, which is a part by its nature. */
function kindOf(common: CommonMetadata): string {
  const isPart = common.isPartial === true && common.isSample === undefined;
  const more = [...(isCluster(common) ? ["cluster"] : []), ...(isPart ? ["partial"] : []), ...earlier(common)];
  return [common.backup_type, ...more].join(", ");
}

function earlier(common: CommonMetadata): string[] {
  return isEarlier(common) ? [earlierProgram(common)] : [];
}

function cellsOf(line: Line, now: number): string[] {
  const { id, database, timestamp, time, sizeBytes, shown, verified } = line;
  const { kind, format } = shown;
  const age = formatAge((now - time) / 1000);
  return [id, database, utcTime(timestamp), age, formatBytes(sizeBytes), kind, format, shownSummary(verified, now)];
}

/** `restore, 3 d`; `damaged, 2 h`. */
function shownSummary(summary: VerificationSummary | undefined, now: number): string {
  if (summary === undefined) return "never";
  const { status, level, time } = summary;
  return `${status === "damaged" ? status : level}, ${formatAge((now - time) / 1000)}`;
}

function documentOf({ metadata, verified }: Line): object {
  if (verified === undefined) return { ...metadata };
  const { level, status, time } = verified;
  return { ...metadata, verified: { level, status, timestamp: new Date(time).toISOString() } };
}

function formatOf({ format = "?", compression = "?", encrypted, isSealed }: CommonMetadata): string {
  if (isSealed === true) return "encrypted";
  return [format, compression, ...(encrypted === true ? ["encrypted"] : [])].join(", ");
}
