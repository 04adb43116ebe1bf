/**
 * A process that makes one backup of two objects in a folder, or of a folder and an object:
 * `node storage-program.ts FOLDER NAME BYTES [wait|folder]`.
 */
import { LocalStorage } from "../../src/storage/local/local-storage.ts";

const [folder = "", name = "", bytes = "0", then] = process.argv.slice(2);
const storage = new LocalStorage(folder, { now: () => new Date(), monotonic: () => performance.now() });
const work = await storage.beginWork();
try {
  if (then === "folder") await writeFolder();
  else await writeObject();
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

async function writeObject(): Promise<void> {
  const part = await work.create();
  await part.write(Buffer.alloc(Number(bytes), name));
  await part.commit(`${name}.dump`, "part");
}

async function writeFolder(): Promise<void> {
  const part = await work.createFolder();
  for (const file of ["toc.dat", "1.dat"]) {
    const pending = await part.create(file);
    await pending.write(Buffer.alloc(Number(bytes), name));
    await pending.end();
  }
  await part.commit(`${name}.dir`);
}
