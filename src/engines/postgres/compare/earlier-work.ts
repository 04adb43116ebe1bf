import * as v from "valibot";
import { BackupError } from "../../../core/backup-error.ts";
import type { EarlierComparison } from "../../../ports/comparison.ts";
import type { ComparisonNotes } from "../../../ports/comparison-notes.ts";
import { type BothSides, both } from "./both-sides.ts";
import type { ComparisonSession } from "./comparison-session.ts";
import type { KeyEdge } from "./key-parts.ts";
import type { RowPair } from "./row-pair.ts";

/** Raised whenever rows are compared by another rule: what was equal by an older one is compared again. */
const rulesVersion = 1;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const tableSchema = v.object({ shape: v.string(), rows: count, at: v.string() });
const edgesSchema = v.object({ shape: v.string(), edges: v.array(v.array(v.string())) });
const partSchema = v.object({ rows: count, at: v.string() });

type TableNote = v.InferOutput<typeof tableSchema>;

/**
 * What earlier runs found equal. Only that is noted: what differed is compared again, so that what is told of it is of now,
 * and no sums of different moments are ever added.
 */
export class EarlierWork {
  readonly #notes: ComparisonNotes | undefined;
  #tables = 0;
  #parts = 0;
  readonly #times: string[] = [];
  readonly changed: string[] = [];

  constructor(notes: ComparisonNotes | undefined) {
    this.#notes = notes;
  }

  /**
   * Notes what is compared, or makes sure that it was the same before.
   * @throws BackupError PRECHECK
   */
  async begin(sides: BothSides, program: string): Promise<void> {
    if (this.#notes === undefined) return;
    const [left, right] = await both(sides, identityOf);
    const identity = JSON.stringify({ rules: rulesVersion, program, left, right });
    const noted = this.#notes.get("comparison");
    if (noted === undefined) {
      this.#notes.set("comparison", identity);
    } else if (noted !== identity) {
      throw new BackupError({
        code: "PRECHECK",
        message:
          "the notes are of another comparison: other databases, another version of a server, or of this program",
        details: [`noted  ${noted}`, `now    ${identity}`],
        hint: "begin again: name another file with --state-file, without --resume",
      });
    }
  }

  /** Rows of a table that an earlier run found equal; nothing when it did not, or the table was changed since. */
  tableRows(pair: RowPair): number | undefined {
    const noted = this.#read(`table ${pair.object}`, tableSchema);
    if (noted === undefined || !this.#hasShape(pair, noted)) return undefined;
    this.#tables++;
    this.#times.push(noted.at);
    return noted.rows;
  }

  noteTable(pair: RowPair, rows: number): void {
    this.#set(`table ${pair.object}`, { shape: shapeOf(pair), rows, at: now() });
  }

  /** The edges between the parts that an earlier run read the table in. */
  edges(pair: RowPair): readonly KeyEdge[] | undefined {
    const noted = this.#read(`edges ${pair.object}`, edgesSchema);
    return noted !== undefined && this.#hasShape(pair, noted) ? noted.edges : undefined;
  }

  noteEdges(pair: RowPair, edges: readonly KeyEdge[]): void {
    this.#set(`edges ${pair.object}`, { shape: shapeOf(pair), edges });
  }

  /** Whether an earlier run found this part equal. Its edges must be those that were noted. */
  isPartEqual(pair: RowPair, part: number): boolean {
    return this.#read(partKey(pair, part), partSchema) !== undefined;
  }

  /** That the part was not read again. */
  countPart(pair: RowPair, part: number): void {
    const noted = this.#read(partKey(pair, part), partSchema)!;
    this.#parts++;
    this.#times.push(noted.at);
  }

  notePart(pair: RowPair, part: number, rows: number): void {
    this.#set(partKey(pair, part), { rows, at: now() });
  }

  /** What of the result is of earlier runs. */
  summary(): EarlierComparison | undefined {
    if (this.#times.length === 0) return undefined;
    const times = this.#times.toSorted();
    return { tables: this.#tables, parts: this.#parts, from: times[0]!, to: times.at(-1)! };
  }

  #hasShape(pair: RowPair, noted: Pick<TableNote, "shape">): boolean {
    const isSame = noted.shape === shapeOf(pair);
    if (!isSame && !this.changed.includes(pair.object)) this.changed.push(pair.object);
    return isSame;
  }

  #read<Schema extends v.GenericSchema>(key: string, schema: Schema): v.InferOutput<Schema> | undefined {
    const text = this.#notes?.get(key);
    if (text === undefined) return undefined;
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  }

  #set(key: string, value: object): void {
    this.#notes?.set(key, JSON.stringify(value));
  }
}

const partKey = ({ object }: RowPair, part: number): string => `part ${part} of ${object}`;

const now = (): string => new Date().toISOString();

/** What an equal table was equal in: another column, type or key is another table. */
function shapeOf({ left, right, columns, orderedKey }: RowPair): string {
  const typesOf = (side: RowPair["left"]): string[] =>
    side.columns.filter(({ name }) => columns.includes(name)).map(({ name, type }) => `${name} ${type}`);
  return JSON.stringify({ left: typesOf(left), right: typesOf(right), key: orderedKey ?? [] });
}

async function identityOf({ connection, major, encoding }: ComparisonSession): Promise<object> {
  const { rows } = await connection.query(
    `select (select system_identifier from pg_control_system()), oid, datname from pg_database where datname = current_database()`,
  );
  const [system, oid, database] = rows[0]!;
  return { system, oid, database, major, encoding };
}
