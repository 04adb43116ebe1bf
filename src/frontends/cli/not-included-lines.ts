import { counted } from "../../core/counted.ts";
import { printable } from "../../core/printable.ts";

interface Missing {
  readonly kind: string;
  readonly count: number;
  readonly examples?: readonly string[] | undefined;
  readonly hint?: string | undefined;
}

/** What a server holds that a backup does not, two lines each: how many of what, and how to keep them. */
export function notIncludedLines(items: readonly Missing[]): string[] {
  return items
    .filter(({ count }) => count > 0)
    .flatMap(({ kind, count, examples = [], hint }) => {
      const named = examples.length === 0 ? "" : `: ${examples.join(", ")}${count > examples.length ? ", ..." : ""}`;
      const line = printable(`  ${countedKind(kind, count)}${named}`);
      return hint === undefined ? [line] : [line, printable(`    ${hint}`)];
    });
}

/** `1 database`, `15 server-settings`: kinds are named in the plural. */
export function countedKind(kind: string, count: number): string {
  return counted(count, kind.replace(/ies$/, "y").replace(/(?<!ic)s$/, ""), kind);
}
