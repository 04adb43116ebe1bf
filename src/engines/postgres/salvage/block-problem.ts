import type { SurveyedWith } from "../../../ports/backup-survey.ts";
import type { TableKey } from "../../../ports/restore.ts";
import type { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { isDamage } from "../../common/forgiving-object.ts";
import type { DataBlock } from "../archive/data-block.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { checkRows } from "../verify/check-rows.ts";
import type { SurveyNotes } from "./archive-survey.ts";

/** Whose data a block is, and what is known of it. */
export interface BlockCheck extends SurveyedWith {
  readonly entry: TocEntry;
  readonly notes: SurveyNotes;
  readonly scanner: RowScanner;
}

/**
 * Reads the data of a block, and says what is wrong with it; undefined: nothing, as far as it or the metadata can tell.
 * How the block lies in the archive is another matter: damage there is thrown by whoever moves behind it.
 */
export async function blockProblem(block: DataBlock, check: BlockCheck): Promise<string | undefined> {
  return block.kind === "table-data" ? await rowsProblem(block.chunks(), check) : await objectsProblem(block, check);
}

/** The same of the rows of one table. */
export async function rowsProblem(chunks: AsyncIterable<Buffer>, check: BlockCheck): Promise<string | undefined> {
  const { entry, notes, expectedRows, scanner } = check;
  return await problemOf(async () => {
    if (entry.copy === null || entry.copy === "") {
      for await (const _ of chunks); // INSERT statements: that they decode is all that can be said.
      return undefined;
    }
    const { rows, checksum } = await checkRows(chunks, scanner, true);
    const { schema, name } = notes.tableOf(entry);
    const key: TableKey = `${schema}\0${name}`;
    const expected = expectedRows?.get(key);
    if (expected === undefined || (rows === expected.rows && checksum === expected.checksum)) return undefined;
    if (rows !== expected.rows) return `it has ${rows} rows instead of ${expected.rows}`;
    return "its rows are not those that the metadata recorded";
  });
}

async function objectsProblem(
  block: Extract<DataBlock, { kind: "large-objects" }>,
  { notes }: BlockCheck,
): Promise<string | undefined> {
  let first: string | undefined;
  for await (const object of block.objects()) {
    const problem = await problemOf(async () => {
      for await (const _ of object.chunks());
      return undefined;
    });
    if (problem === undefined) continue;
    notes.noteOther(block.dumpId, `large object ${object.oid}`);
    first ??= `large object ${object.oid}: ${problem}`;
  }
  return first;
}

/** What `read` finds, or the damage that it throws. */
export async function problemOf(read: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return error.message;
  }
}
