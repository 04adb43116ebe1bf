import type { DemoResult, DemoStep, KeptServer } from "../../../demo/demo-step.ts";
import { formatBytes, formatCount, formatDuration } from "../amounts.ts";

export const demoTitle = ["dbbackup demo: a backup is worth what its restore is worth", ""];

/** One line for each check, at most 80 columns: what, result, time. */
export function demoStepLines(step: DemoStep): string[] {
  switch (step.step) {
    case "server":
      return [line("server", `PostgreSQL ${step.version}, embedded, on a private socket`, step.seconds)];
    case "sample":
      return [
        line(
          "sample",
          `a shop: ${step.tables} tables, ${formatCount(step.rows)} rows, ${formatBytes(step.bytes)}`,
          step.seconds,
        ),
      ];
    default:
      return step satisfies never;
  }
}

/** The last lines. */
export function demoVerdict(result: DemoResult): string[] {
  const time = formatDuration(result.seconds);
  return [
    "",
    ...(result.kept === undefined ? [] : keptLines(result.kept)),
    `verdict: a real server held the sample database (${time})`,
  ];
}

function keptLines(kept: KeptServer): string[] {
  return [
    "The server goes on running.",
    `  connect:  psql -h ${kept.socketFolder} -p ${kept.port} -U ${kept.user} ${kept.database}`,
    `  stop:     kill ${kept.process}    (removes its files, too)`,
    "",
  ];
}

function line(name: string, facts: string, seconds: number): string {
  return `  ok  ${name.padEnd(9)}${facts.padEnd(55)}${formatDuration(seconds).padStart(8)}`;
}
