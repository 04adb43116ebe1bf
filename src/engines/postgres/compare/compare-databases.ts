import { counted } from "../../../core/counted.ts";
import type {
  CompareContext,
  CompareRequest,
  Comparison,
  ComparisonLimits,
  SchemaDifference,
} from "../../../ports/comparison.ts";
import { type BothSides, both, type DatabasePair, openBoth } from "./both-sides.ts";
import { differingFacts, type FactDifference, toldDifferences } from "./compare-facts.ts";
import { type ComparedTables, compareTables } from "./compare-tables.ts";
import { type ComparisonSession, describeSide } from "./comparison-session.ts";
import { EarlierWork } from "./earlier-work.ts";
import { type Lanes, lanesOf } from "./lanes.ts";
import type { HashPlace, RowComparison } from "./read-totals.ts";
import { chooseRowHash } from "./row-hash.ts";
import { pairOf, type RowPair, rowTextFor } from "./row-pair.ts";
import { type RowSource, readRowSources } from "./row-source.ts";
import { readSchemaFacts } from "./schema-facts.ts";
import type { Context } from "./statements/change.ts";
import { readFunctions } from "./statements/read-functions.ts";
import { neededFunctions, schemaStatements } from "./statements/schema-statements.ts";
import { toUnicode } from "./to-unicode.ts";

/** As in a backup. A statement for each part costs nothing against reading so much. */
const defaultPartSize = 16 * 1024 * 1024;

export type DatabasesRequest = Pick<
  CompareRequest,
  "schemaOnly" | "schemaStatements" | "limits" | "jobs" | "hashOn" | "splitLargerThan" | "notes"
>;

/**
 * Compares two databases, of servers of any major version from 10 on. See `Comparer`.
 * @param program name and version of this program, for its notes
 */
export async function compareDatabases(
  specs: DatabasePair,
  request: DatabasesRequest,
  context: CompareContext,
  program = "",
): Promise<Comparison> {
  const { progress, signal } = context;
  progress.emit({ event: "phase", phase: "connect", message: "connecting to both databases" });
  await using sides = await openBoth(specs, signal);
  const { left, right } = sides;
  const hash = await chooseRowHash(left, right);
  const text = rowTextFor(left, right);
  const earlier = new EarlierWork(request.notes);
  await earlier.begin(sides, program);
  await using lanes = await lanesOf(sides, text, specs, signal);

  progress.emit({ event: "phase", phase: "schema", message: "comparing the schemas" });
  const schema = await compareSchemas(sides, request.limits, request.schemaStatements === true);
  const how = { hash, text, earlier, hashOn: request.hashOn ?? ("client" satisfies HashPlace) };
  const { notes, ...data } = request.schemaOnly ? noData : await compareData(lanes, how, request, context);
  const summary = earlier.summary();
  return {
    equal: schema.schemaDifferenceCount === 0 && data.dataDifferenceCount === 0,
    left: describeSide(left),
    right: describeSide(right),
    ...schema,
    ...data,
    ...(summary === undefined ? {} : { earlier: summary }),
    notes: [...notesOf(sides, request.schemaOnly), ...notes, ...notesOfEarlier(earlier)],
  };
}

async function compareSchemas(sides: BothSides, limits: ComparisonLimits, withStatements: boolean) {
  const majors = { left: sides.left.major, right: sides.right.major };
  const older = Math.min(majors.left, majors.right);
  const newer = Math.max(majors.left, majors.right);
  const [left, right] = await both(sides, ({ connection, major }) =>
    readSchemaFacts(connection, { major, olderMajor: older, newerMajor: newer }),
  );
  const differences = [...differingFacts(left, right, majors)];
  const schemaDifferences: SchemaDifference[] = [];
  let schemaDifferenceCount = 0;
  for (const difference of differences) {
    for (const told of toldDifferences(difference, left, right)) {
      if (schemaDifferenceCount++ < limits.schemaDifferences) schemaDifferences.push(told);
    }
  }
  const objectsCompared = new Set([...left.keys(), ...right.keys()]).size;
  const script = withStatements
    ? await statementsFor(sides.left, differences, { wanted: left, found: right })
    : undefined;
  return {
    objectsCompared,
    schemaDifferences,
    schemaDifferenceCount,
    ...(script === undefined ? {} : { schemaStatements: script }),
  };
}

/** For people: what would make B's schema like A's. */
async function statementsFor(
  left: ComparisonSession,
  differences: readonly FactDifference[],
  facts: Pick<Context, "wanted" | "found">,
): Promise<string[]> {
  const functions = await readFunctions(left, neededFunctions(differences, facts.wanted));
  return schemaStatements(differences, { ...facts, functions }).map(toUnicode);
}

const noData: ComparedTables = {
  tablesCompared: 0,
  rowsCompared: 0,
  dataDifferences: [],
  dataDifferenceCount: 0,
  notes: [],
};

async function compareData(
  lanes: Lanes,
  how: RowComparison & { readonly earlier: EarlierWork },
  { limits, jobs, splitLargerThan: partSize = defaultPartSize }: DatabasesRequest,
  { progress }: CompareContext,
): Promise<ComparedTables> {
  progress.emit({ event: "phase", phase: "data", message: "comparing the rows" });
  const sameEncoding = lanes.leader.left.encoding === lanes.leader.right.encoding;
  const pairs = pairUp(...(await both(lanes.leader, readRowSources)), sameEncoding);
  const estimate = pairs.reduce((rows, { left }) => rows + left.estimatedRows, 0);
  progress.emit({ event: "estimate", bytes: 0, rows: estimate, objects: pairs.length });
  const work = pairs.reduce((parts, { left }) => parts + Math.max(1, Math.ceil(left.bytes / partSize)), 0);
  const opened = await lanes.open(Math.min(jobs, work));
  return await compareTables(pairs, opened, { ...how, limits, partSize, progress });
}

/** What both sides have; the rest is a difference of the schemas. */
function pairUp(
  left: ReadonlyMap<string, RowSource>,
  right: ReadonlyMap<string, RowSource>,
  sameEncoding: boolean,
): RowPair[] {
  return [...left].flatMap(([object, source]) => {
    const other = right.get(object);
    return other === undefined ? [] : [pairOf(source, other, sameEncoding)];
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

function notesOfEarlier(earlier: EarlierWork): string[] {
  const summary = earlier.summary();
  const changed = earlier.changed.map(toUnicode);
  return [
    ...(summary === undefined
      ? []
      : [
          `${counted(summary.tables, "table")} and ${counted(summary.parts, "part")} of others were equal between ${summary.from} and ${summary.to} and were not read again: the result is not of one moment`,
        ]),
    ...changed.map((object) => `${object} was changed since the interruption, and was compared again`),
  ];
}
