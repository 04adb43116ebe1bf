import { createReadStream } from "node:fs";
import { joinRowTotals, type RowTotals } from "../../src/core/row-totals.ts";
import { RowScanner } from "../../src/wire/postgres/row-scanner.ts";

/** A script without its rows, and what is known of them. */
export interface ReadScript {
  /** Binary string. */
  readonly text: string;
  /** By the statement that loads them. */
  readonly rows: ReadonlyMap<string, RowTotals>;
}

const copyStatement = /^COPY .* FROM stdin;$/;
const endOfRows = "\\.";

/** Reads a script line by line: of rows only sums are held. */
export async function readScript(path: string): Promise<ReadScript> {
  const lines: string[] = [];
  const rows = new Map<string, RowTotals>();
  const scanner = new RowScanner();
  let copy: string | undefined;
  for await (const line of linesOf(path)) {
    if (copy === undefined) {
      lines.push(line);
      if (!copyStatement.test(line)) continue;
      copy = line;
      scanner.reset();
    } else if (line === endOfRows) {
      const totals = scanner.finish();
      const known = rows.get(copy);
      rows.set(copy, known === undefined ? totals : joinRowTotals([known, totals]));
      copy = undefined;
    } else {
      scanner.push(Buffer.from(`${line}\n`, "latin1"));
    }
  }
  return { text: lines.join("\n"), rows };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, "latin1") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Begins what a script says of one entry: `-- Name: orders; Type: TABLE; ...`. */
const entryComment = /^--\n(?=-- (?:Data for )?Name: )/m;

/** A script in parts, each of them an entry. */
export function partsOf(text: string): string[] {
  return text.split(entryComment).filter((part) => part !== "");
}
