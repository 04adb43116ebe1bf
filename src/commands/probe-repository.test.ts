import { expect, test } from "vitest";
import { BackupError } from "../core/backup-error.ts";
import type { ProbedObject, ProbedPlace } from "../ports/probed-place.ts";
import { probeRepository } from "./probe-repository.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

/** A place in memory with faults that servers of tests have not. */
class Place implements ProbedPlace {
  readonly location = "memory";
  readonly isFolder = false;
  readonly objects = new Map<string, Uint8Array>();
  overwrites = false;
  readsChanged = false;
  seen: ProbedObject = { hasVersions: false };

  async create(key: string, bytes: Uint8Array): Promise<void> {
    if (this.objects.has(key) && !this.overwrites) throw new BackupError({ code: "EXISTS", message: "taken" });
    this.objects.set(key, bytes);
  }

  async replace(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(key, bytes);
  }

  async read(key: string, position: number, target: Uint8Array): Promise<void> {
    target.set(this.objects.get(key)!.subarray(position, position + target.length));
    if (this.readsChanged && target.length > 1000) target[5]! ^= 1;
  }

  async look(key: string): Promise<ProbedObject | undefined> {
    return this.objects.has(key) ? this.seen : undefined;
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async clockAhead(): Promise<number> {
    return -400_000;
  }

  async freeBytes(): Promise<undefined> {
    return undefined;
  }
}

async function noAnswer(): Promise<never> {
  throw new BackupError({ code: "CONNECT", message: "no answer" });
}

async function probed(place: Place) {
  const report = await probeRepository(place, clock, new AbortController().signal);
  return {
    ...report,
    told: report.checks.map(({ name, status, message }) => `${name} ${status}: ${message}`).join("\n"),
  };
}

test("a service that writes over what it was asked to leave is told of, as is a clock that is behind", async () => {
  const place = new Place();
  place.overwrites = true;
  const { told, left } = await probed(place);
  expect(told).toContain("create-only warning: an object is written over although the service was asked not to");
  expect(told).toContain("clock warning: the clock there is 400 seconds behind this machine's");
  expect([left, place.objects.size]).toEqual([[], 0]);
});

test("bytes that come back changed are an error, and what was written is removed", async () => {
  const place = new Place();
  place.readsChanged = true;
  const { told, protection } = await probed(place);
  expect(told).toBe("repository error: other bytes are read than were written");
  expect([protection, place.objects.size]).toEqual([undefined, 0]);
});

test("what is kept for a time is told with its end", async () => {
  const place = new Place();
  place.seen = { hasVersions: true, keptUntil: new Date("2030-01-02T03:04:05Z") };
  const { told, protection } = await probed(place);
  expect(told).toMatch(/protection ok: object lock: .* kept until 2030-01-02T03:04:05/);
  expect(protection).toBe("locked");
});

test("a place that is not to be reached is an error, and an interruption ends it", async () => {
  const place = new Place();
  place.create = noAnswer;
  place.look = noAnswer;
  expect(await probed(place)).toMatchObject({ told: "repository error: no answer", left: [] });
  const interrupted = new Place();
  const reason = new BackupError({ code: "INTERRUPTED", message: "stopped" });
  await expect(probeRepository(interrupted, clock, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(interrupted.objects.size).toBe(0);
});
