import { expect, test } from "vitest";
import { BackupError } from "../core/backup-error.ts";
import type { RestorableBackup, RestoreEngine, RestoreRequest } from "../ports/restore.ts";
import { fallingBackRestorer } from "./falling-back-restorer.ts";

// A server of the future cannot be had: here others answer for it.
const input = { kind: "stream", stream: (async function* () {})() } as const;
const { signal } = new AbortController();
const request = {} as RestoreRequest;

function engine(name: string, preCheck: RestorableBackup["preCheck"]): RestoreEngine {
  const backup = { plan: () => ({}), preCheck, run: async () => ({ target: name }) } as unknown as RestorableBackup;
  return { open: async () => backup };
}

async function restoredBy(error: BackupError): Promise<string> {
  const native = engine("native", () => Promise.reject(error));
  const restorer = fallingBackRestorer(native, async () => engine("tools", async () => []));
  const backup = await restorer.open(input, {});
  const [finding] = await backup.preCheck(request, signal);
  const { target } = await backup.run(request, { emit: () => {} }, signal);
  return `${target}: ${finding?.message}`;
}

test("a server that the native engine does not know is left to the tools, and that is said", async () => {
  const unknown = new BackupError({ code: "UNSUPPORTED_SERVER", message: "PostgreSQL 19", isForOthers: true });
  expect(await restoredBy(unknown)).toBe("tools: --engine auto falls back to the server's own programs: PostgreSQL 19");
});

test("what is wrong with a server or a backup is wrong with every engine", async () => {
  const lookAlike = new BackupError({ code: "UNSUPPORTED_SERVER", message: "not PostgreSQL" });
  await expect(restoredBy(lookAlike)).rejects.toBe(lookAlike);
});
