import { BackupError } from "../../../../core/backup-error.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import { type JobQueue, type LoadedData, type LoadedTable, type LoadJob, LoadQueue } from "./load-queue.ts";
import { type LoadSession, openLoadSession } from "./load-session.ts";

/** The sessions that rows come in by. */
export interface LoadSessions {
  readonly leader: LoadSession;
  readonly spec: MysqlConnectionSpec;
  readonly target: string;
  /** How many sessions there are to be at most. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Ends what other sessions do after a failure. */
  readonly stop: AbortController;
  readonly warn: (message: string) => void;
  /** Called for each session beside the leader, which has place 0. */
  readonly onOpened?: (session: LoadSession, place: number) => Promise<void>;
}

/** Loads tables by several sessions, as {@link LoadQueue} says. @throws what failed first */
export async function loadTables<Data extends LoadedData>(
  sessions: LoadSessions,
  tables: readonly LoadedTable<Data>[],
  doJob: (session: LoadSession, job: LoadJob<Data>) => Promise<void>,
): Promise<void> {
  const pieces = tables.reduce((sum, { data }) => sum + data.chunks.length, 0);
  const jobs = Math.min(sessions.jobs, Math.max(1, pieces));
  await workOff({ ...sessions, jobs }, new LoadQueue(tables), doJob);
}

/** Has sessions do what a queue says until it is done. @throws what failed first */
export async function workOff<Job>(
  { leader, spec, target, jobs: wanted, signal, stop, warn, onOpened }: LoadSessions,
  queue: JobQueue<Job>,
  doJob: (session: LoadSession, job: Job) => Promise<void>,
): Promise<void> {
  await using helpers = new AsyncDisposableStack();
  const sessions = [leader];
  const opened = await Promise.allSettled(
    Array.from({ length: wanted - 1 }, () => openLoadSession(spec, target, signal, warn, leader.facts)),
  );
  for (const one of opened) if (one.status === "fulfilled") sessions.push(helpers.use(one.value));
  const missing = opened.find((one) => one.status === "rejected")?.reason as unknown;
  if (missing !== undefined) {
    if (!(missing instanceof BackupError) || missing.code === "INTERRUPTED") throw missing;
    warn(`rows are loaded by ${sessions.length} of ${wanted} sessions: ${missing.message}`);
  }
  await Promise.all(sessions.slice(1).map((session, place) => onOpened?.(session, place + 1)));
  let failure: unknown;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  queue.onChange = tell;
  const work = async (session: LoadSession): Promise<void> => {
    while (!queue.isDone) {
      // Asked before: it may change while this session looks.
      const change = changed.promise;
      const job = queue.begin();
      if (job === undefined) {
        await change;
        continue;
      }
      await doJob(session, job);
      queue.end(job);
      tell();
    }
  };
  await Promise.all(
    sessions.map((session) =>
      work(session).catch((error: unknown) => {
        failure ??= error;
        queue.stop();
        tell();
        stop.abort();
      }),
    ),
  );
  if (failure !== undefined) throw failure;
}
