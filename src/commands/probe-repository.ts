import { randomBytes } from "node:crypto";
import { BackupError } from "../core/backup-error.ts";
import { PROBE_PREFIX } from "../core/backup-name.ts";
import { uuidV7 } from "../core/uuid-v7.ts";
import type { Clock } from "../ports/clock.ts";
import type { Check } from "../ports/preflight.ts";
import type { ProbedPlace } from "../ports/probed-place.ts";

/** What is written and read to learn how fast it goes. */
const PROBE_BYTES = 8 * 1024 * 1024;
/** Of these the quickest is the time that a small request takes. */
const SMALL_READS = 5;
/** Services refuse signatures of another time from 5 to 15 minutes on, and retention is counted by their clock. */
const MOST_SKEW_MS = 5 * 60_000;

/** What a writer may do to what is there. */
export type Protection =
  /** Remove and replace it. */
  | "none"
  /** Remove and replace it, and what was there stays as an older version. */
  | "versions"
  /** Hide it: each version is kept until its time is over. */
  | "locked"
  /** Neither. */
  | "append-only"
  /** Replace it, and not remove it. */
  | "no-removal"
  /** Remove it, and not replace it. */
  | "no-replacement";

/** What was found of a repository by trying it. */
export interface RepositoryReport {
  readonly location: string;
  readonly checks: readonly Check[];
  /** What follows is there when objects could be written and read. */
  readonly protection?: Protection;
  readonly latencyMs?: number;
  readonly writeBytesPerSecond?: number;
  readonly readBytesPerSecond?: number;
  readonly clockAheadMs?: number;
  readonly freeBytes?: number;
  /** Keys of what was written and could not be removed. */
  readonly left: readonly string[];
}

/** Tries out what a backup does in a repository, and what must not be possible there. Removes what it wrote, where it may. */
export async function probeRepository(
  place: ProbedPlace,
  clock: Clock,
  signal: AbortSignal,
): Promise<RepositoryReport> {
  const probe = new Probe(place, clock, signal);
  try {
    const found = await probe.run();
    return { location: place.location, ...found, left: await probe.clean(), checks: probe.checks };
  } catch (error) {
    const left = await probe.clean();
    probe.fail("repository", error);
    return { location: place.location, left, checks: probe.checks };
  }
}

type Found = Omit<RepositoryReport, "location" | "checks" | "left">;

class Probe {
  readonly checks: Check[] = [];
  readonly #place: ProbedPlace;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** What was written and not removed. */
  readonly #written = new Set<string>();
  readonly #id: string;

  constructor(place: ProbedPlace, clock: Clock, signal: AbortSignal) {
    this.#place = place;
    this.#clock = clock;
    this.#signal = signal;
    this.#id = uuidV7(clock.now());
  }

  async run(): Promise<Found> {
    const key = `${PROBE_PREFIX}${this.#id}`;
    const bytes = randomBytes(PROBE_BYTES);
    const written = await this.#write(key, bytes);
    if (written === undefined) return {};
    const read = await this.#read(key, bytes);
    if (read === undefined) return {};
    this.#ok("repository", `${this.#place.location} can be written and read`);
    await this.#checkCreateOnly(key);
    const clockAheadMs = await this.#checkClock(key);
    const freeBytes = await this.#place.freeBytes();
    const protection = await this.#checkProtection(key);
    await this.#checkRecord();
    return {
      protection,
      latencyMs: read.latencyMs,
      writeBytesPerSecond: PROBE_BYTES / (written / 1000),
      readBytesPerSecond: PROBE_BYTES / (read.wholeMs / 1000),
      clockAheadMs,
      ...(freeBytes === undefined ? {} : { freeBytes }),
    };
  }

  /** Milliseconds that it took. */
  async #write(key: string, bytes: Uint8Array): Promise<number | undefined> {
    this.#written.add(key);
    const from = this.#clock.monotonic();
    try {
      await this.#place.create(key, bytes);
      return this.#clock.monotonic() - from;
    } catch (error) {
      await this.#forget(key);
      this.fail("repository", error);
      return undefined;
    }
  }

  async #read(key: string, bytes: Uint8Array): Promise<{ wholeMs: number; latencyMs: number } | undefined> {
    try {
      const whole = Buffer.alloc(bytes.length);
      const from = this.#clock.monotonic();
      await this.#place.read(key, 0, whole);
      const wholeMs = this.#clock.monotonic() - from;
      let isSame = whole.equals(bytes);
      let latencyMs = Number.POSITIVE_INFINITY;
      const piece = Buffer.alloc(1000);
      for (let number = 1; number <= SMALL_READS; number++) {
        this.#signal.throwIfAborted();
        const position = number * 1_000_003;
        const at = this.#clock.monotonic();
        await this.#place.read(key, position, piece);
        latencyMs = Math.min(latencyMs, this.#clock.monotonic() - at);
        isSame &&= piece.equals(bytes.subarray(position, position + piece.length));
      }
      if (isSame) return { wholeMs, latencyMs };
      this.#add("repository", "error", "other bytes are read than were written", {
        details: [key],
        hint: "look for what changes them between here and there",
      });
    } catch (error) {
      this.fail("repository", error);
    }
    return undefined;
  }

  async #checkCreateOnly(key: string): Promise<void> {
    try {
      await this.#place.create(key, Buffer.from("another"));
      this.#add("create-only", "warning", "an object is written over although the service was asked not to", {
        hint: "two backups that get the same name in the same moment could harm each other there: give each writer a repository of its own",
      });
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "EXISTS") this.fail("create-only", error);
      else this.#ok("create-only", "a name that is taken is refused");
    }
  }

  async #checkClock(key: string): Promise<number> {
    const ahead = await this.#place.clockAhead(key);
    const seconds = Math.round(Math.abs(ahead) / 1000);
    if (Math.abs(ahead) <= MOST_SKEW_MS) {
      this.#ok("clock", seconds < 2 ? "the clocks agree" : `the clocks differ by ${seconds} seconds`);
    } else {
      this.#add(
        "clock",
        "warning",
        `the clock there is ${seconds} seconds ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
        {
          hint: "set the clock right (chronyd, systemd-timesyncd): services refuse requests that are signed at another time",
        },
      );
    }
    return ahead;
  }

  /** As somebody would who has got hold of the writer's credentials. */
  async #checkProtection(key: string): Promise<Protection> {
    const look = await this.#place.look(key);
    const replaced = await this.#isAllowed("protection", () => this.#place.replace(key, Buffer.from("replaced")));
    const removed = await this.#isAllowed("protection", async () => {
      await this.#place.remove(key);
      this.#written.delete(key);
    });
    const protection = protectionOf(replaced, removed, look?.keptUntil !== undefined, look?.hasVersions === true);
    const until = look?.keptUntil === undefined ? "" : ` until ${look.keptUntil.toISOString()}`;
    this.#ok("protection", `${protectionTexts[protection]}${removed && protection !== "locked" ? "" : until}`);
    return protection;
  }

  /** The record of a run is written again and again, and removed at its end. */
  async #checkRecord(): Promise<void> {
    if (this.#place.isFolder) return;
    const key = `.tmp-${this.#id}/preflight`;
    this.#written.add(key);
    try {
      await this.#place.create(key, Buffer.from("record"));
    } catch (error) {
      await this.#forget(key);
      this.fail("record", error);
      return;
    }
    const replaced = await this.#isAllowed("record", () => this.#place.replace(key, Buffer.from("record again")));
    const removed = await this.#isAllowed("record", async () => {
      await this.#place.remove(key);
      this.#written.delete(key);
    });
    if (!replaced) {
      this.#add("record", "error", "the records of runs, .tmp-*, cannot be written over, which a backup does", {
        hint: "give the right to do so below .tmp-",
      });
    } else if (!removed) {
      this.#add("record", "warning", "the records of runs, .tmp-*, cannot be removed: each run leaves one", {
        hint: "give the right to remove what lies below .tmp-, or let a rule of the bucket remove it",
      });
    } else this.#ok("record", "records of runs can be written and removed");
  }

  /** Whether it was done; what fails for another reason than a missing right is an error. */
  async #isAllowed(name: string, what: () => Promise<void>): Promise<boolean> {
    this.#signal.throwIfAborted();
    try {
      await what();
      return true;
    } catch (error) {
      const isRefusal =
        error instanceof BackupError &&
        (error.code === "AUTH" || error.code === "LOCKED" || (this.#place.isFolder && error.code === "IO"));
      if (!isRefusal) this.fail(name, error);
      return false;
    }
  }

  /** What could not be written is there only when the answer to it was lost. */
  async #forget(key: string): Promise<void> {
    const isThere = await this.#place.look(key).then(
      (found) => found !== undefined,
      () => false,
    );
    if (!isThere) this.#written.delete(key);
  }

  /** Removes what is left. */
  async clean(): Promise<readonly string[]> {
    for (const key of this.#written) {
      try {
        if ((await this.#place.look(key)) !== undefined) await this.#place.remove(key);
        this.#written.delete(key);
      } catch {
        // It is told of.
      }
    }
    return [...this.#written];
  }

  #ok(name: string, message: string): void {
    this.#add(name, "ok", message, {});
  }

  /** @throws what is no fault of the place, an interruption too */
  fail(name: string, error: unknown): void {
    if (this.#signal.aborted || !(error instanceof BackupError)) throw error;
    const { message, object, hint } = error;
    this.#add(name, "error", message, {
      details: [object ?? this.#place.location],
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #add(name: string, status: Check["status"], message: string, more: Pick<Check, "details" | "hint">): void {
    this.checks.push({ name, status, message, ...more });
  }
}

function protectionOf(replaced: boolean, removed: boolean, isKept: boolean, hasVersions: boolean): Protection {
  if (!replaced && !removed) return "append-only";
  if (isKept) return "locked";
  if (!replaced) return "no-replacement";
  if (!removed) return "no-removal";
  return hasVersions ? "versions" : "none";
}

const protectionTexts: Readonly<Record<Protection, string>> = {
  none: "what is there can be removed and replaced with these credentials",
  versions: "what is there can be removed and replaced with these credentials, and stays as an older version",
  locked: "object lock: what is there can be hidden with these credentials, and is kept",
  "append-only": "append-only: what is there can neither be removed nor replaced with these credentials",
  "no-removal": "what is there can be replaced, and not removed, with these credentials",
  "no-replacement": "what is there can be removed, and not replaced, with these credentials",
};
