import type {
  CompareContext,
  CompareRequest,
  Comparison,
  ComparisonLimits,
  DataDifference,
  SchemaDifference,
} from "../../../ports/comparison.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { compareFacts } from "./compare-facts.ts";
import { type RowComparison, rowTotals } from "./compare-rows.ts";
import { beginSnapshot, type ComparisonSession, describeSide, openComparisonSession } from "./comparison-session.ts";
import { chooseRowHash } from "./row-hash.ts";
import { pairOf, type RowPair, rowTextFor } from "./row-pair.ts";
import { type RowSource, readRowSources } from "./row-source.ts";
import { sampleRows } from "./sample-rows.ts";
import { readSchemaFacts } from "./schema-facts.ts";
import { toUnicode } from "./to-unicode.ts";

/** In larger tables differing rows are not looked for: that would read them two or three times more. */
const largestSampledTable = 5_000_000;

export interface DatabasePair {
  readonly left: ConnectionSpec;
  readonly right: ConnectionSpec;
}

/** Compares two databases, of servers of any major version from 10 on. See `Comparer`. */
export async function compareDatabases(
  specs: DatabasePair,
  request: Pick<CompareRequest, "schemaOnly" | "limits">,
  context: CompareContext,
): Promise<Comparison> {
  const { progress, signal } = context;
  progress.emit({ event: "phase", phase: "connect", message: "connecting to both databases" });
  await using sides = await openBoth(specs, signal);
  const { left, right } = sides;
  const hash = await chooseRowHash(left, right);
  const text = rowTextFor(left, right);
  if (text.floatBits) await both(sides, ({ connection }) => connection.query("set extra_float_digits = 0"));
  await both(sides, ({ connection }) => connection.query(beginSnapshot));

  progress.emit({ event: "phase", phase: "schema", message: "comparing the schemas" });
  const schema = await compareSchemas(sides, request.limits);
  const data = request.schemaOnly ? noData : await compareData({ left, right, hash, text }, request.limits, context);
  return {
    equal: schema.schemaDifferenceCount === 0 && data.dataDifferenceCount === 0,
    left: describeSide(left),
    right: describeSide(right),
    ...schema,
    ...data,
    notes: notesOf(sides, request.schemaOnly),
  };
}

interface BothSides extends AsyncDisposable {
  readonly left: ComparisonSession;
  readonly right: ComparisonSession;
}

async function openBoth(specs: DatabasePair, signal: AbortSignal): Promise<BothSides> {
  const opened = await Promise.allSettled([
    openComparisonSession(specs.left, signal),
    openComparisonSession(specs.right, signal),
  ]);
  const sessions = opened.flatMap((side) => (side.status === "fulfilled" ? [side.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(sessions.map(({ connection }) => connection.close()));
  };
  const failure = opened.find((side) => side.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return { left: sessions[0]!, right: sessions[1]!, [Symbol.asyncDispose]: close };
}

/** The same on both sides at the same time; when one fails, waits for the other and throws. */
async function both<T>(
  sides: Pick<BothSides, "left" | "right">,
  act: (side: ComparisonSession) => Promise<T>,
): Promise<readonly [left: T, right: T]> {
  const outcomes = await Promise.allSettled([act(sides.left), act(sides.right)]);
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value) as [T, T];
}

async function compareSchemas(sides: BothSides, limits: ComparisonLimits) {
  const majors = { left: sides.left.major, right: sides.right.major };
  const older = Math.min(majors.left, majors.right);
  const newer = Math.max(majors.left, majors.right);
  const [left, right] = await both(sides, ({ connection, major }) =>
    readSchemaFacts(connection, { major, olderMajor: older, newerMajor: newer }),
  );
  const schemaDifferences: SchemaDifference[] = [];
  let schemaDifferenceCount = 0;
  for (const difference of compareFacts(left, right, majors)) {
    if (schemaDifferenceCount++ < limits.schemaDifferences) schemaDifferences.push(difference);
  }
  const objectsCompared = new Set([...left.keys(), ...right.keys()]).size;
  return { objectsCompared, schemaDifferences, schemaDifferenceCount };
}

const noData = {
  tablesCompared: 0,
  rowsCompared: 0,
  dataDifferences: [] as readonly DataDifference[],
  dataDifferenceCount: 0,
};

async function compareData(how: RowComparison, limits: ComparisonLimits, { progress }: CompareContext) {
  progress.emit({ event: "phase", phase: "data", message: "comparing the rows" });
  const pairs = pairUp(...(await both(how, readRowSources)));
  const estimate = pairs.reduce((rows, { left }) => rows + left.estimatedRows, 0);
  progress.emit({ event: "estimate", bytes: 0, rows: estimate, objects: pairs.length });
  const dataDifferences: DataDifference[] = [];
  let dataDifferenceCount = 0;
  let rowsCompared = 0;
  for (const [index, pair] of pairs.entries()) {
    const [left, right] = await rowTotals(pair, how);
    rowsCompared += left.rows;
    if (left.hash !== right.hash || left.rows !== right.rows) {
      if (dataDifferenceCount++ < limits.dataDifferences) {
        const samples = Math.max(left.rows, right.rows) <= largestSampledTable ? limits.sampleRows : 0;
        dataDifferences.push({
          object: toUnicode(pair.object),
          leftRows: left.rows,
          rightRows: right.rows,
          samples: samples === 0 ? [] : await sampleRows(pair, how, samples),
        });
      }
    }
    progress.emit({ event: "progress", bytes: 0, rows: rowsCompared, objects: index + 1 });
  }
  return { tablesCompared: pairs.length, rowsCompared, dataDifferences, dataDifferenceCount };
}

/** What both sides have; the rest is a difference of the schemas. */
function pairUp(left: ReadonlyMap<string, RowSource>, right: ReadonlyMap<string, RowSource>): RowPair[] {
  return [...left].flatMap(([object, source]) => {
    const other = right.get(object);
    return other === undefined ? [] : [pairOf(source, other)];
  });
}

function notesOf({ left, right }: BothSides, schemaOnly: boolean): string[] {
  return [
    ...(schemaOnly ? ["rows were not compared"] : []),
    ...(left.encoding === right.encoding
      ? []
      : [`the databases have different encodings: ${left.encoding} and ${right.encoding}`]),
    ...(left.major === right.major
      ? []
      : ["different major versions: versions of extensions, and table names before column names, were not compared"]),
    ...(left.major < 12 === right.major < 12
      ? []
      : ["floating-point numbers inside arrays, composite and geometric values were compared to 15 digits"]),
  ];
}
