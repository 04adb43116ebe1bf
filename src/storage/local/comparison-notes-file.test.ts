import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openComparisonNotes } from "./comparison-notes-file.ts";

async function withFolder() {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-notes-"));
  return { file: join(folder, "notes"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test("what was noted is there again, for its owner only, until the notes are removed", async () => {
  await using folder = await withFolder();
  const notes = await openComparisonNotes(folder.file, "new");
  notes.set("a", "1");
  notes.set("a", "2");
  notes.set("b ä", '"x"');
  expect(notes.get("a")).toBe("2");
  notes.close();
  notes.close();
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  const again = await openComparisonNotes(folder.file, "resume");
  expect([again.get("a"), again.get("b ä"), again.get("c")]).toEqual(["2", '"x"', undefined]);
  await again.remove();
  await expect(openComparisonNotes(folder.file, "resume")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("one at a time; never over what is there; no other file", async () => {
  await using folder = await withFolder();
  const notes = await openComparisonNotes(folder.file, "new");
  await expect(openComparisonNotes(folder.file, "resume")).rejects.toMatchObject({
    code: "EXISTS",
    message: expect.stringContaining("another comparison is at work"),
  });
  notes.close();
  await expect(openComparisonNotes(folder.file, "new")).rejects.toMatchObject({
    code: "EXISTS",
    hint: expect.stringContaining("--resume"),
  });
  await writeFile(folder.file, "text of somebody, that is longer than the header of a database file ".repeat(20));
  await expect(openComparisonNotes(folder.file, "resume")).rejects.toMatchObject({ code: "FOREIGN_FILE" });
  await writeFile(folder.file, "");
  await expect(openComparisonNotes(folder.file, "resume")).rejects.toMatchObject({ code: "FOREIGN_FILE" });
});
