import { randomBytes, randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Storage } from "../../src/ports/storage.ts";
import type { Transfer } from "../../src/ports/transfer.ts";
import type { StorageAbilities, StoragePlace } from "./storage-suite.ts";

const LARGE = randomBytes(20_000_000);
const SMALL = randomBytes(1000);
const SEAL = Buffer.from("all of it");

/** What every storage must do with a backup that comes from elsewhere. */
export function transferSuite(
  name: string,
  makePlace: () => Promise<StoragePlace>,
  { resumesUploads }: Pick<Required<StorageAbilities>, "resumesUploads">,
): void {
  describe(`${name} takes over backups`, () => {
    let place: StoragePlace;
    let id: string;
    beforeEach(async () => {
      place = await makePlace();
      id = randomUUID();
    });
    afterEach(() => place.remove());

    const begin = (storage: Storage): Promise<Transfer> =>
      storage.beginTransfer({ id, note: "a copy", folder: "x.dir", seal: "x.json" });

    async function get(key: string): Promise<Buffer> {
      const object = await place.other.open(key);
      const bytes = Buffer.alloc(object.size);
      await object.readAt(0, bytes);
      await object.close();
      return bytes;
    }

    async function keys(): Promise<string[]> {
      const found: string[] = [];
      for await (const { key } of place.other.list("", { recursive: true })) found.push(key);
      return found;
    }

    async function expectAll(): Promise<void> {
      expect(await keys()).toEqual(["x.dir/large", "x.dir/small", "x.json", "x.key"]);
      expect((await get("x.dir/large")).equals(LARGE)).toBe(true);
      expect(await get("x.dir/small")).toEqual(SMALL);
      expect(await get("x.key")).toEqual(SMALL);
      expect(await get("x.json")).toEqual(SEAL);
      expect((await place.other.sweep()).noted).toEqual([]);
    }

    test("files in a folder and beside it, and what makes them count", async () => {
      const transfer = await begin(place.storage);
      await Promise.all([
        bring(transfer, "x.dir/large", LARGE),
        bring(transfer, "x.dir/small", SMALL),
        bring(transfer, "x.key", SMALL),
      ]);
      await transfer.publish();
      await transfer.seal("x.json", SEAL);
      await transfer.end();
      await transfer.end();
      await expectAll();
    });

    test("what came before an interruption is not brought again", async () => {
      const first = await begin(place.storage);
      await bring(first, "x.dir/small", SMALL);
      await bring(first, "x.key", SMALL);
      const large = await first.open("x.dir/large");
      expect(large.position).toBe(0);
      await large.write(LARGE.subarray(0, 18_000_000));
      await first.end();
      const { noted, works } = await place.other.sweep();
      expect({ noted, works }).toMatchObject({ noted: [{ id, firstNote: "a copy", isBusy: false }], works: 0 });

      const second = await begin(place.other);
      const again = await second.open("x.dir/large");
      expect(again.position).toBeLessThanOrEqual(18_000_000);
      if (resumesUploads) expect(again.position).toBeGreaterThan(16_000_000);
      if (again.resumed !== undefined) {
        const bytes = Buffer.alloc(again.position);
        expect(await again.resumed.readAt(0, bytes)).toBe(bytes.length);
        expect(bytes.equals(LARGE.subarray(0, bytes.length))).toBe(true);
        await again.resumed.close();
      }
      await again.write(LARGE.subarray(again.position));
      await again.end();
      expect(await bring(second, "x.dir/small", SMALL)).toBe(SMALL.length);
      expect(await bring(second, "x.key", SMALL)).toBe(SMALL.length);
      await second.publish();
      await second.seal("x.json", SEAL);
      await second.end();
      await expectAll();
    });

    test("one that was interrupted before its seal gets it from the next run", async () => {
      const first = await begin(place.storage);
      await bring(first, "x.dir/large", LARGE);
      await bring(first, "x.dir/small", SMALL);
      await bring(first, "x.key", SMALL);
      await first.publish();
      await first.end();
      expect((await place.other.sweep()).objects).toEqual([]);

      const second = await begin(place.other);
      expect(await bring(second, "x.dir/large", LARGE)).toBe(LARGE.length);
      await bring(second, "x.dir/small", SMALL);
      await bring(second, "x.key", SMALL);
      await second.publish();
      await second.seal("x.json", SEAL);
      await second.end();
      await expectAll();
    });

    test("two runs are not at one copy at the same time", async () => {
      const first = await begin(place.storage);
      await expect(begin(place.other)).rejects.toMatchObject({ code: "PRECHECK" });
      expect((await place.other.sweep()).noted).toMatchObject([{ id, isBusy: true }]);
      await first.discard();
      const second = await begin(place.other);
      await second.discard();
    });

    test("what is somebody else's stays", async () => {
      const work = await place.storage.beginWork();
      const theirs = await work.create();
      await theirs.write(Buffer.from("theirs"));
      await theirs.commit("x.key", "seal");
      await work.end();
      const transfer = await begin(place.storage);
      await bring(transfer, "x.dir/small", SMALL);
      await expect(transfer.open("x.key")).rejects.toMatchObject({ code: "EXISTS" });
      await expect(transfer.seal("x.key", SEAL)).rejects.toMatchObject({ code: "EXISTS" });
      await transfer.discard();
      expect(await keys()).toEqual(["x.key"]);
      expect(String(await get("x.key"))).toBe("theirs");
    });

    test("what another run has sealed is discarded no more", async () => {
      const first = await begin(place.storage);
      await bring(first, "x.dir/large", LARGE);
      await bring(first, "x.dir/small", SMALL);
      await bring(first, "x.key", SMALL);
      await first.publish();
      await first.seal("x.json", SEAL);
      await first.end();
      // It was looked for before that.
      const late = await begin(place.other);
      const again = late.open("x.dir/small");
      await again.then(
        async ({ position, resumed, end }) => {
          expect(position).toBe(SMALL.length);
          await resumed?.close();
          await end();
        },
        (error: unknown) => expect(error).toMatchObject({ code: "EXISTS" }),
      );
      await late.discard();
      await expectAll();
    });

    test("an id that could lead elsewhere is none", async () => {
      const request = { id: "../x", note: "a copy", folder: undefined, seal: undefined };
      await expect(place.storage.beginTransfer(request)).rejects.toThrow(/no id of a transfer/);
    });

    test("what is discarded leaves nothing", async () => {
      const transfer = await begin(place.storage);
      await bring(transfer, "x.dir/small", SMALL);
      const large = await transfer.open("x.dir/large");
      await large.write(LARGE);
      await expect(transfer.publish()).rejects.toThrow(/not ended/);
      await transfer.discard();
      await transfer.end();
      expect(await keys()).toEqual([]);
      expect(await place.other.sweep()).toEqual({ works: 0, objects: [], uploads: [], noted: [] });
    });
  });
}

/** @returns where it went on */
async function bring(transfer: Transfer, key: string, bytes: Uint8Array): Promise<number> {
  const file = await transfer.open(key);
  await file.resumed?.close();
  await file.write(bytes.subarray(file.position));
  await file.end();
  return file.position;
}
