/** A process that makes one backup of two objects in a folder: `node storage-program.ts FOLDER NAME BYTES [wait]`. */
import { LocalStorage } from "../../src/storage/local/local-storage.ts";

const [folder = "", name = "", bytes = "0", then] = process.argv.slice(2);
const storage = new LocalStorage(folder, { now: () => new Date(), monotonic: () => performance.now() });
const work = await storage.beginWork();
try {
  const part = await work.create();
  await part.write(Buffer.alloc(Number(bytes), name));
  await part.commit(`${name}.dump`, "part");
  const seal = await work.create();
  await seal.write(Buffer.from(name));
  if (then === "wait") {
    console.log("waiting");
    setInterval(() => {}, 1000);
    await new Promise(() => {});
  }
  await seal.commit(`${name}.dump.meta.json`, "seal");
} catch (error) {
  console.error(String(error), JSON.stringify(error));
  process.exitCode = 1;
} finally {
  await work.end();
}
