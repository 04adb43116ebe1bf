import { ExitStatus } from "../../../core/exit-status.ts";
import type { DemoStep } from "../../../demo/demo-step.ts";
import { type DemoRequest, runDemo } from "../../../demo/run-demo.ts";
import type { RunCommand } from "../command.ts";
import { demoDocument } from "./demo-document.ts";
import { demoStepLines, demoTitle, demoVerdict } from "./demo-lines.ts";

/** The command, with what only tests do. */
export function demoCommand(hooks: Pick<DemoRequest, "interfere"> = {}): RunCommand {
  return async ({ options }, { services, output, signal }) => {
    output.print(...demoTitle);
    const steps: DemoStep[] = [];
    const databaseType = options["db-type"] ?? "postgres";
    const story = runDemo({ databaseType, keep: options.keep === true, ...hooks }, services, signal);
    for (;;) {
      const next = await story.next();
      if (next.done === true) {
        output.print(...demoVerdict(next.value));
        output.document(demoDocument(steps, next.value));
        return next.value.equal ? ExitStatus.done : ExitStatus.damaged;
      }
      steps.push(next.value);
      output.print(...demoStepLines(next.value));
    }
  };
}

export const run: RunCommand = demoCommand();
