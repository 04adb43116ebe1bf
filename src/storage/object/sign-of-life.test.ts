import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showSignOfLife } from "./sign-of-life.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-life-"));
  vi.stubEnv("XDG_STATE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a copy that goes on has a lock again where a killed run has left its file", async () => {
  const id = randomUUID();
  const path = join(folder, "dbbackup", "works", id);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  const life = await showSignOfLife(id);
  expect(life.hasLock).toBe(true);
  await life.end();
  expect(existsSync(path)).toBe(false);
});

test("what has no lock removes nothing", async () => {
  const path = join(folder, "dbbackup", "works", "taken");
  mkdirSync(path, { recursive: true });
  const life = await showSignOfLife("taken");
  expect(life.hasLock).toBe(false);
  await life.end();
  expect(existsSync(path)).toBe(true);
});
