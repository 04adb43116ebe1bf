import type { DemoResult, DemoStep } from "../../../demo/demo-step.ts";
import { comparisonDocument } from "./comparison-lines.ts";

/** What `demo --json` prints. */
export function demoDocument(steps: readonly DemoStep[], { equal, seconds, kept }: DemoResult): object {
  return { equal, seconds, steps: steps.map(stepDocument), kept: kept === undefined ? null : snakeCase(kept) };
}

function stepDocument(step: DemoStep): object {
  if (step.step !== "compare") return snakeCase(step);
  return { step: step.step, seconds: step.seconds, comparison: comparisonDocument(step.comparison) };
}

function snakeCase(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
