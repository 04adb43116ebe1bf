import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { runProgram } from "../helpers/run-program.ts";

test("who reads late gets all that was printed, though the program has nothing else to do", async () => {
  const whole = (await mustDbbackup(["config", "schema"])).stdout;
  // More than a pipe holds.
  expect(whole.length).toBeGreaterThan(100_000);
  const script = '"$0" "$1" config schema | (sleep 1; cat)';
  const late = await runProgram("sh", ["-c", script, process.execPath, await builtProgram()], {
    env: foreignVariables,
  });
  expect(late).toMatchObject({ status: 0, stderr: "" });
  expect(late.stdout.equals(whole)).toBe(true);
});
