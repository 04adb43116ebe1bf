import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Storage, StoredObject } from "../../src/ports/storage.ts";
import { transferSuite } from "./transfer-suite.ts";

/** A place to test: the same objects through two adapters, as two processes would see them. */
export interface StoragePlace {
  readonly storage: Storage;
  readonly other: Storage;
  remove(): Promise<void>;
}

/** What only some storages can: the others are tested to say so. */
export interface StorageAbilities {
  /** Works with notes outlive their process; an opened object outlives its name; free bytes are known. */
  readonly isFileSystem: boolean;
  /** Free bytes are known; as in file systems. */
  readonly knowsRoom?: boolean;
  /** Large objects that were interrupted go on where they stopped; as file systems do. */
  readonly resumesUploads?: boolean;
}

/** What every storage must do. An adapter's test is a factory for this suite and what is its own. */
export function storageSuite(
  name: string,
  makePlace: () => Promise<StoragePlace>,
  { isFileSystem, knowsRoom = isFileSystem, resumesUploads = isFileSystem }: StorageAbilities,
): void {
  transferSuite(name, makePlace, { resumesUploads });
  describe(`${name} keeps the contract of Storage`, () => {
    let place: StoragePlace;
    let storage: Storage;
    beforeEach(async () => {
      place = await makePlace();
      storage = place.storage;
    });
    afterEach(() => place.remove());

    /** Writes and seals one object as a work of its own. */
    async function put(key: string, bytes: Uint8Array): Promise<StoredObject> {
      const work = await storage.beginWork();
      try {
        const pending = await work.create();
        await pending.write(bytes);
        return await pending.commit(key, "seal");
      } finally {
        await work.end();
      }
    }

    async function get(key: string): Promise<Buffer> {
      const object = await place.other.open(key);
      try {
        const bytes = Buffer.alloc(object.size);
        expect(await object.readAt(0, bytes)).toBe(object.size);
        return bytes;
      } finally {
        await object.close();
      }
    }

    async function keys(prefix = "", recursive = false, folders = false): Promise<string[]> {
      const found: string[] = [];
      for await (const { key } of place.other.list(prefix, { recursive, folders })) found.push(key);
      return found;
    }

    test("what is committed is there, for others too, with size and time", async () => {
      const before = Date.now();
      const stored = await put("a.dump", Buffer.from("hello"));
      expect(stored).toMatchObject({ key: "a.dump", size: 5 });
      expect(await get("a.dump")).toEqual(Buffer.from("hello"));
      expect(await place.other.stat("a.dump")).toEqual(stored);
      expect(Math.abs(stored.modified.getTime() - before)).toBeLessThan(60_000);
    });

    test("below an object there is nothing", async () => {
      await put("alone.dump", Buffer.from("x"));
      const found: string[] = [];
      for await (const { key } of storage.list("alone.dump/")) found.push(key);
      expect(found).toEqual([]);
      expect(await storage.stat("alone.dump/part")).toBeUndefined();
    });

    test("an empty object is an object", async () => {
      await put("empty", Buffer.alloc(0));
      expect((await storage.stat("empty"))?.size).toBe(0);
    });

    test("pieces of any size come out as one, and their memory is the caller's again after each write", async () => {
      const work = await storage.beginWork();
      const pending = await work.create();
      const hash = createHash("sha256");
      const memory = Buffer.alloc(3_000_000);
      let total = 0;
      for (const size of [1, 100, 65_536, 1_048_575, 1_048_576, 1_048_577, 3_000_000, 7, 0, 2_500_000]) {
        const piece = memory.subarray(0, size);
        randomBytes(size).copy(piece);
        hash.update(piece);
        total += size;
        await pending.write(piece);
        memory.fill(0xee);
      }
      await pending.commit("big", "seal");
      await work.end();
      const bytes = await get("big");
      expect(bytes.length).toBe(total);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(hash.digest("hex"));
    });

    test("nothing is visible before the commit", async () => {
      const work = await storage.beginWork();
      const pending = await work.create();
      await pending.write(Buffer.alloc(5_000_000));
      expect(await keys("", true)).toEqual([]);
      await pending.abort();
      await work.end();
      expect(await keys("", true)).toEqual([]);
    });

    test("a taken key is refused and left alone; the object may get another key", async () => {
      await put("x", Buffer.from("first"));
      const work = await storage.beginWork();
      const pending = await work.create();
      await pending.write(Buffer.from("second"));
      await expect(pending.commit("x", "seal")).rejects.toMatchObject({ code: "EXISTS" });
      await pending.commit("x-2", "seal");
      await work.end();
      expect([String(await get("x")), String(await get("x-2"))]).toEqual(["first", "second"]);
    });

    test("of several commits to one key at once exactly one wins, and it is whole", async () => {
      const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(100_000, index));
      const works = await Promise.all(bodies.map((_, index) => (index % 2 ? storage : place.other).beginWork()));
      const results = await Promise.allSettled(
        works.map(async (work, index) => {
          const pending = await work.create();
          await pending.write(bodies[index]!);
          await pending.commit("x", "seal");
        }),
      );
      await Promise.all(works.map((work) => work.end()));
      const winners = results.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await get("x")).toEqual(bodies[winners[0]!]);
    });

    test("parts without a seal go when the work ends, sealed ones stay", async () => {
      for (const seal of [false, true]) {
        const work = await storage.beginWork();
        const part = await work.create();
        await part.commit(`part-${seal}`, "part");
        if (seal) await (await work.create()).commit("seal", "seal");
        await work.end();
        await work.end();
      }
      expect(await keys()).toEqual(["part-true", "seal"]);
    });

    test("the end of an unsealed work takes nothing that belongs to others", async () => {
      await put("x", Buffer.from("theirs"));
      const work = await storage.beginWork();
      const pending = await work.create();
      await pending.write(Buffer.from("theirs"));
      await expect(pending.commit("x", "part")).rejects.toMatchObject({ code: "EXISTS" });
      await work.end();
      expect(String(await get("x"))).toBe("theirs");
    });

    test("a sweep leaves living work alone", async () => {
      const work = await storage.beginWork();
      const part = await work.create();
      await part.write(Buffer.from("1"));
      await part.commit("part", "part");
      const pending = await work.create();
      await pending.write(Buffer.from("2"));
      expect(await place.other.sweep()).toEqual({ works: 0, objects: [], uploads: [], noted: [] });
      expect(await storage.sweep()).toEqual({ works: 0, objects: [], uploads: [], noted: [] });
      await pending.commit("seal", "seal");
      await work.end();
      expect(await keys()).toEqual(["part", "seal"]);
    });

    test.runIf(isFileSystem)("work with notes outlives its end, goes on, and is gone when it is sealed", async () => {
      const first = await storage.beginWork();
      const folder = await first.createFolder();
      const file = await folder.create("a");
      await file.write(Buffer.from("whole"));
      await first.note("what it is");
      await file.end("a is whole");
      await (await folder.create("b")).write(Buffer.from("half"));
      const noted = { id: first.id, location: first.location, firstNote: "what it is" };
      expect(await place.other.sweep()).toEqual({
        works: 0,
        objects: [],
        uploads: [],
        noted: [{ ...noted, isBusy: true }],
      });
      await expect(place.other.resumeWork(first.id)).rejects.toMatchObject({ code: "PRECHECK" });
      await first.end();
      await first.end();
      expect(await keys("", true)).toEqual([]);

      // One that publishes, and fails before it is sealed: nothing is visible again.
      const { work, folder: again, notes } = await place.other.resumeWork(first.id);
      expect(await linesOf(notes)).toEqual(["what it is", "a is whole"]);
      expect([...again.sizes.keys()].toSorted()).toEqual(["a", "b"]);
      const opened = await again.open("a");
      expect(opened.size).toBe(5);
      await opened.close();
      await again.keepOnly(new Set(["a"]));
      const next = await again.create("b");
      await next.write(Buffer.from("more"));
      await next.end("b is whole");
      await again.commit("x");
      expect(await keys("", true)).toEqual(["x/a", "x/b"]);
      await work.end();
      expect(await keys("", true)).toEqual([]);
      expect(await storage.sweep()).toEqual({
        works: 0,
        objects: [],
        uploads: [],
        noted: [{ ...noted, isBusy: false }],
      });

      const last = await storage.resumeWork(first.id);
      expect(await linesOf(last.notes)).toEqual(["what it is", "a is whole", "b is whole"]);
      await last.folder.keepOnly(new Set(["a", "b"]));
      await last.folder.commit("x");
      await (await last.work.create()).commit("x.meta", "seal");
      await last.work.end();
      expect(await keys("", true)).toEqual(["x.meta", "x/a", "x/b"]);
      expect([String(await get("x/a")), String(await get("x/b"))]).toEqual(["whole", "more"]);
      expect(await storage.sweep()).toEqual({ works: 0, objects: [], uploads: [], noted: [] });
      await expect(storage.resumeWork(first.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("abort removes, may be repeated, and does nothing after a commit", async () => {
      const work = await storage.beginWork();
      const pending = await work.create();
      await pending.commit("x", "seal");
      await pending.abort();
      await pending.abort();
      await work.end();
      expect(await keys()).toEqual(["x"]);
    });

    test("listings are in byte order of the keys, below a prefix, deep only when asked", async () => {
      const all = ["a", "a-b", "a.b", "a/x", "a/y/z", "aB", "ab", "z", "ü", "\u{1f600}"];
      for (const key of all) if (key !== "a") await put(key, Buffer.from(key));
      const sorted = all
        .filter((key) => key !== "a")
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keys("", true)).toEqual(sorted);
      expect(await keys()).toEqual(sorted.filter((key) => !key.includes("/")));
      expect(await keys("a", true)).toEqual(["a-b", "a.b", "a/x", "a/y/z", "aB", "ab"]);
      expect(await keys("a/")).toEqual(["a/x"]);
      expect(await keys("a/y/", true)).toEqual(["a/y/z"]);
      expect(await keys("none/", true)).toEqual([]);
      expect(await keys("", false, true)).toEqual(["a-b", "a.b", "a/", "aB", "ab", "z", "ü", "\u{1f600}"]);
      expect(await keys("a", false, true)).toEqual(["a-b", "a.b", "a/", "aB", "ab"]);
      expect(await keys("a/", false, true)).toEqual(["a/x", "a/y/"]);
      expect(await keys("", true, true)).toEqual(sorted);
      const named: string[] = [];
      for await (const { key, size } of storage.list("", { recursive: true, isNameEnough: beginsWithA })) {
        if (!beginsWithA(key)) expect(size, key).toBe(Buffer.byteLength(key));
        named.push(key);
      }
      expect(named).toEqual(sorted);
    });

    test("ranges may be read beside each other; reading past the end gives what there is", async () => {
      const bytes = randomBytes(200_000);
      await put("x", bytes);
      const object = await storage.open("x");
      const read = async (position: number, length: number): Promise<Buffer> => {
        const target = Buffer.alloc(length);
        return target.subarray(0, await object.readAt(position, target));
      };
      const ranges = Array.from({ length: 50 }, (_, index) => [index * 3_999, 10_000] as const);
      const pieces = await Promise.all(ranges.map(([position, length]) => read(position, length)));
      ranges.forEach(([position, length], index) => {
        expect(pieces[index]!.equals(bytes.subarray(position, position + length))).toBe(true);
      });
      expect(await read(199_999, 10)).toEqual(bytes.subarray(199_999));
      expect(await read(200_000, 10)).toHaveLength(0);
      await object.close();
    });

    test.runIf(isFileSystem)("an opened object stays what it was when its key is removed", async () => {
      await put("x", Buffer.from("still here"));
      const object = await storage.open("x");
      await place.other.remove("x");
      const target = Buffer.alloc(10);
      expect(await object.readAt(0, target)).toBe(10);
      expect(String(target)).toBe("still here");
      await object.close();
    });

    test("what is missing is said to be missing; removing it is no error", async () => {
      await put("there", Buffer.alloc(1));
      await expect(storage.open("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(storage.open("x/y")).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await storage.stat("x")).toBeUndefined();
      await storage.remove("x");
    });

    test.each(["", "/x", "../x", "a/../../x", "a//b", "a\\b", "x\0"])(
      "the key %j is a fault of the caller",
      async (key) => {
        const work = await storage.beginWork();
        const pending = await work.create();
        await expect(pending.commit(key, "seal")).rejects.toThrow(/no safe key/);
        await work.end();
        await expect(storage.open(key)).rejects.toThrow(/no safe key/);
      },
    );

    test("there is room, or nobody knows", async () => {
      const bytes = await storage.freeBytes();
      if (knowsRoom) expect(bytes).toBeGreaterThan(0);
      else expect(bytes).toBeUndefined();
    });

    test.runIf(!isFileSystem)(
      "works have no notes; what was removed is missing, and nothing is read in its place",
      async () => {
        const work = await storage.beginWork();
        await expect(work.note("what it is")).rejects.toMatchObject({ code: "USAGE" });
        await work.end();
        await expect(storage.resumeWork(work.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
        await put("x", randomBytes(1000));
        const object = await storage.open("x");
        await place.other.remove("x");
        await expect(object.readAt(0, Buffer.alloc(10))).rejects.toMatchObject({ code: "NOT_FOUND" });
        // Of another size: servers of files tell versions by that and by times in seconds.
        await put("x", randomBytes(1001));
        await expect(object.readAt(0, Buffer.alloc(10))).rejects.toMatchObject({ code: "IO" });
        await object.close();
      },
    );

    test("folders become visible whole, under the key that was intended and under another one", async () => {
      await put("taken/a", Buffer.from("theirs"));
      for (const intended of [undefined, "folder", "elsewhere"]) {
        const work = await storage.beginWork();
        const folder = await work.createFolder(intended);
        for (const file of ["a", "b"]) {
          const pending = await folder.create(file);
          await pending.write(Buffer.from(`${file} of ${intended}`));
          await pending.end();
        }
        const discarded = await folder.create("c");
        await discarded.write(Buffer.alloc(100));
        await discarded.discard();
        await expect(folder.commit("taken")).rejects.toMatchObject({ code: "EXISTS" });
        const key = intended === "elsewhere" ? "here" : (intended ?? "none");
        await folder.commit(key);
        await (await work.create(`${key}.meta`)).commit(`${key}.meta`, "seal");
        await work.end();
        expect(await keys(`${key}/`)).toEqual([`${key}/a`, `${key}/b`]);
        expect(String(await get(`${key}/b`))).toBe(`b of ${intended}`);
      }
      expect(await keys("", true)).toEqual(
        [
          "folder.meta",
          "folder/a",
          "folder/b",
          "here.meta",
          "here/a",
          "here/b",
          "none.meta",
          "none/a",
          "none/b",
        ].concat("taken/a"),
      );
      expect(String(await get("taken/a"))).toBe("theirs");
    });

    test("large objects arrive whole under the key that was intended and under another one", async () => {
      const bytes = randomBytes(20_000_000);
      for (const intended of [undefined, "same", "another"]) {
        const work = await storage.beginWork();
        const pending = await work.create(intended);
        await pending.write(bytes);
        const key = intended === "same" ? "same" : `not-${intended}`;
        expect(await pending.commit(key, "seal")).toMatchObject({ key, size: bytes.length });
        await work.end();
        expect((await get(key)).equals(bytes)).toBe(true);
      }
      expect(await keys("", true)).toEqual(["not-another", "not-undefined", "same"]);
    });

    test("what another run has finished under the intended key before anything was sent stays as it is, and nothing is lost", async () => {
      const [large, theirs] = [randomBytes(9_000_000), Buffer.from("theirs")];
      const work = await storage.beginWork();
      const pending = await work.create("wanted");
      const folder = await work.createFolder("folder");
      await put("wanted", theirs);
      await put("folder/a", theirs);
      await pending.write(large);
      const file = await folder.create("a");
      await file.write(large);
      await file.end();
      await expect(pending.commit("wanted", "part")).rejects.toMatchObject({ code: "EXISTS" });
      await expect(folder.commit("folder")).rejects.toMatchObject({ code: "EXISTS" });
      await folder.commit("folder-2");
      await pending.commit("wanted-2", "seal");
      await work.end();
      expect(await keys("", true)).toEqual(["folder-2/a", "folder/a", "wanted", "wanted-2"]);
      for (const key of ["wanted", "folder/a"]) expect(await get(key)).toEqual(theirs);
      for (const key of ["wanted-2", "folder-2/a"]) expect((await get(key)).equals(large)).toBe(true);
    });

    test("objects read in order come out as they are, in pieces of any size, also beside another reader", async () => {
      const bytes = randomBytes(11_000_000);
      await put("x", bytes);
      const object = await place.other.open("x");
      const readAll = async (size: number): Promise<Buffer> => {
        const read = Buffer.alloc(bytes.length);
        for (let at = 0; at < read.length; ) at += await object.readAt(at, read.subarray(at, at + size));
        return read;
      };
      for (const size of [65_536, 1_000_003, 6_000_000]) expect((await readAll(size)).equals(bytes)).toBe(true);
      const both = await Promise.all([readAll(300_000), readAll(700_001)]);
      expect(both.every((each) => each.equals(bytes))).toBe(true);
      await object.close();
    });
  });
}

async function linesOf(notes: AsyncIterable<string>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of notes) lines.push(line);
  return lines;
}

function beginsWithA(key: string): boolean {
  return key.startsWith("a");
}
