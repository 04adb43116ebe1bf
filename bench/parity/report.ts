import { printable } from "../../src/core/printable.ts";
import { formatBytes, formatDuration } from "../../src/frontends/cli/amounts.ts";
import type { DatabaseReport, Difference, FormatReport, Made } from "./difference.ts";

/** More differences of one format are counted. */
const shownDifferences = 50;

/** A report for people. */
export function reportLines({ database, product, server, formats }: DatabaseReport): string[] {
  const [first] = formats;
  return [
    `database "${printable(database)}", ${product} ${printable(server)}`,
    ...(first === undefined ? [] : [`  native: ${first.native.version}, tools: ${first.tools.version}`]),
    ...formats.flatMap(formatLines),
  ];
}

function formatLines({ format, native, tools, differences }: FormatReport): string[] {
  const verdict = differences.length === 0 ? "no difference" : `${differences.length} DIFFERENT`;
  const hidden = differences.length - shownDifferences;
  return [
    `  ${format.padEnd(10)} ${verdict.padEnd(14)} native ${amounts(native)}, tools ${amounts(tools)}`,
    ...differences.slice(0, shownDifferences).flatMap(differenceLines),
    ...(hidden > 0 ? [`    and ${hidden} more`] : []),
  ];
}

function amounts({ seconds, bytes }: Made): string {
  return `${formatDuration(seconds)}, ${formatBytes(bytes)}`;
}

function differenceLines({ kind, object, native, tools }: Difference): string[] {
  return [`    ${kind}: ${shown(object)}`, ...sideLines("native", native), ...sideLines("tools", tools)];
}

function sideLines(side: string, text: string | null): string[] {
  if (text === null) return [`      ${side}: nothing`];
  return text
    .split("\n")
    .map((line, at) => `      ${at === 0 ? `${side}:` : " ".repeat(side.length + 1)} ${shown(line)}`);
}

/** Binary strings of UTF-8, for people. */
function shown(text: string): string {
  return printable(Buffer.from(text, "latin1").toString("utf8"));
}
