import { expect, test } from "vitest";
import { BackupError } from "../../../core/backup-error.ts";
import { withDumpHint } from "./dump-hint.ts";

const failure = (sqlState: string, hint?: string) =>
  new BackupError({ code: "SERVER", message: "from the server", sqlState, ...(hint === undefined ? {} : { hint }) });

test("what the server advises stays, but where a standby cancels dumps: there its advice leads to the same end", () => {
  expect(withDumpHint(failure("42501", "ask Jane"))).toMatchObject({ hint: "ask Jane" });
  for (const hint of [
    undefined,
    "In a moment you should be able to reconnect to the database and repeat your command.",
  ]) {
    expect(withDumpHint(failure("40001", hint))).toMatchObject({
      hint: expect.stringContaining("max_standby_streaming_delay"),
    });
  }
});
