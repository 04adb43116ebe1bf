import { formatCount } from "../../../core/counted.ts";
import type { DemoResult, DemoStep, KeptServer } from "../../../demo/demo-step.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { comparisonLines } from "./comparison-lines.ts";

export const demoTitle = ["dbbackup demo: a backup is worth what its restore is worth", ""];

const columns = 80;
/** Of a comparison that found differences; the whole demonstration stays within forty lines. */
const differenceLines = 15;

/** One line for each check: what, its result, how long it took. */
export function demoStepLines(step: DemoStep): string[] {
  switch (step.step) {
    case "server":
      return [line(step, `${step.version}, on a private socket`)];
    case "sample":
      return [
        line(step, `a shop: ${amount(step.tables, "tables")}, ${rows(step.rows)}, ${formatBytes(step.bytes)} on disk`),
      ];
    case "copy":
      return [line(step, step.how)];
    case "backup": {
      const share = Math.round((100 * step.storedBytes) / step.plainBytes);
      const facts = `${formatBytes(step.plainBytes)} of rows in ${formatBytes(step.storedBytes)} (${share} %)`;
      return [line(step, `${facts}${rate(step.plainBytes, step)}`)];
    }
    case "verify":
      return [line(step, `every byte, block and row checksum${rate(step.storedBytes, step)}`)];
    case "drop":
      return [line(step, "the database is gone")];
    case "restore":
      return [line(step, `${amount(step.objects, "objects")}, ${rows(step.rows)}${rate(step.bytes, step)}`)];
    case "compare": {
      const { comparison } = step;
      const facts = `${amount(comparison.objectsCompared, "objects")}, ${rows(comparison.rowsCompared)}`;
      if (comparison.equal) return [line(step, `${facts}: no difference`)];
      const found = comparisonLines(comparison).slice(3, 3 + differenceLines);
      return [line(step, `${facts}: DIFFERENT`, "!!"), "", "A: the original, B: restored", ...found.map(fit)];
    }
    default:
      return step satisfies never;
  }
}

/** The last lines. */
export function demoVerdict({ equal, seconds, kept }: DemoResult): string[] {
  const time = formatDuration(seconds);
  return [
    "",
    ...(kept === undefined ? [] : keptLines(kept)),
    equal
      ? `verdict: the restored database equals the original, row for row (${time})`
      : `verdict: the restored database is NOT the original (${time})`,
  ];
}

function keptLines({ socketFolder, socketFile, port, user, database, repository, process }: KeptServer): string[] {
  const client =
    socketFile === undefined
      ? `psql -h ${socketFolder} -p ${port} -U ${user} ${database}`
      : `mysql --no-defaults --socket=${socketFile} --user=${user} ${database}`;
  return [
    "The server goes on running.",
    `  connect  ${client}`,
    `  backup   ${repository}`,
    `  stop     kill ${process}   (removes all its files, too)`,
    "",
  ];
}

function line({ step, seconds }: DemoStep, facts: string, mark = "ok"): string {
  return `  ${mark}  ${step.padEnd(8)} ${facts.padEnd(55)} ${formatDuration(seconds).padStart(8)}`;
}

const fit = (text: string): string => (text.length <= columns ? text : `${text.slice(0, columns - 3)}...`);

const amount = (count: number, what: string): string => `${formatCount(count)} ${what}`;

const rows = (count: number): string => amount(count, "rows");

function rate(bytes: number, { seconds }: DemoStep): string {
  return seconds > 0 ? `, ${formatBytes(Math.round(bytes / seconds))}/s` : "";
}
