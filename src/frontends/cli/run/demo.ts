import { ExitStatus } from "../../../core/exit-status.ts";
import type { DemoStep } from "../../../demo/demo-step.ts";
import { runDemo } from "../../../demo/run-demo.ts";
import type { RunCommand } from "../command.ts";
import { demoStepLines, demoTitle, demoVerdict } from "./demo-lines.ts";

export const run: RunCommand = async ({ options }, { services, output, signal }) => {
  output.print(...demoTitle);
  const steps: DemoStep[] = [];
  const story = runDemo({ keep: options.keep === true }, services, signal);
  for (;;) {
    const next = await story.next();
    if (next.done === true) {
      output.print(...demoVerdict(next.value));
      output.document({ steps, ...next.value });
      return ExitStatus.done;
    }
    steps.push(next.value);
    output.print(...demoStepLines(next.value));
  }
};
