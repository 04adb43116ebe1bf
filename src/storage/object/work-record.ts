import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import * as v from "valibot";
import { WORK_PREFIX } from "../../core/backup-name.ts";

/** Works in progress have a record below keys of this beginning, followed by the work's id. */
export { WORK_PREFIX };

const RECORD = "owner.json";

/** Whether an object is one of a work in progress, and not of a backup. */
export function isWorkKey(key: string): boolean {
  return key.startsWith(WORK_PREFIX);
}

const recordSchema = v.object({
  id: v.pipe(v.string(), v.uuid()),
  host: v.string(),
  boot_id: v.string(),
  started: v.string(),
  /** Whether a file on that host tells by a lock of the system that the owner lives. */
  has_lock: v.boolean(),
  /** What it writes; a key that ends with a slash means all below. */
  keys: v.array(v.pipe(v.string(), v.maxLength(2000))),
  /** Once this object is there, and of this work, all the others count. */
  seal: v.optional(v.string()),
  /** Of a transfer, which outlives its process. */
  transfer: v.optional(
    v.object({
      note: v.string(),
      /** Which run of it this is; a later one has a larger number. */
      run: v.pipe(v.number(), v.integer(), v.minValue(1)),
      /** Uploads that it began, by their keys. */
      uploads: v.record(v.string(), v.string()),
      /** Nobody is at it. */
      rests: v.optional(v.boolean()),
    }),
  ),
});

/** Who works, and on what: what a sweep must know when the owner is gone. Written again when it changes, and as a sign of life. */
export type WorkRecord = v.InferOutput<typeof recordSchema>;

/** Whether a work has announced that an object of this key will be its own. */
export function covers({ keys, seal }: WorkRecord, key: string): boolean {
  return key === seal || keys.some((known) => key === known || (known.endsWith("/") && key.startsWith(known)));
}

export function recordKey(id: string): string {
  return `${WORK_PREFIX}${id}/${RECORD}`;
}

/** The id of a work whose record has this key. */
export function workOfKey(key: string): string | undefined {
  const id = key.slice(WORK_PREFIX.length, -RECORD.length - 1);
  return key === recordKey(id) ? id : undefined;
}

/** Records are small: a work names folders, not their files. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** Undefined for what is none, which nobody may act upon. */
export function parseRecord(bytes: Uint8Array): WorkRecord | undefined {
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(Buffer.from(bytes).toString("utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

export function formatRecord(record: WorkRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** This machine, since it was started. */
export async function thisHost(): Promise<{ readonly host: string; readonly bootId: string }> {
  const host = hostname();
  try {
    return { host, bootId: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim() };
  } catch {
    return { host, bootId: `unknown-${process.pid}-${host}` };
  }
}

/** An object of this key says that somebody begins a run of a transfer. @param run from 1 on */
export function takenKey(id: string, run: number): string {
  return `${takenPrefix(id)}${run}`;
}

/**
 * What such an object holds: whose word it is. Who has inherited the lock of the same place knows that its owner is dead.
 * @param place of the owner's locks, of which only a hash is told
 */
export async function claimOf({
  hasLock,
  place,
}: {
  readonly hasLock: boolean;
  readonly place: string;
}): Promise<Buffer> {
  const { host, bootId } = await thisHost();
  const locks = hasLock ? createHash("sha256").update(place).digest("hex") : null;
  return Buffer.from(JSON.stringify({ host, boot_id: bootId, locks }));
}

export function takenPrefix(id: string): string {
  return `${WORK_PREFIX}${id}/taken-`;
}

/** The run that such a key speaks of; undefined for another key. */
export function runOfTakenKey(key: string, id: string): number | undefined {
  const run = Number(key.slice(takenPrefix(id).length));
  return key === takenKey(id, run) && Number.isSafeInteger(run) && run > 0 ? run : undefined;
}

/** The id of the work that such a key, or one of somebody who sweeps, speaks of; undefined for another key. */
export function idOfWordKey(key: string): string | undefined {
  const id = key.slice(WORK_PREFIX.length, key.indexOf("/"));
  return key === sweptKey(id) || runOfTakenKey(key, id) !== undefined ? id : undefined;
}

/** An object of this key says that somebody sweeps the work. */
export function sweptKey(id: string): string {
  return `${WORK_PREFIX}${id}/swept`;
}
