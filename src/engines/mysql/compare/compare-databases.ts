import type { CompareContext, CompareRequest, Comparison, DataDifference } from "../../../ports/comparison.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { schemaDifferences } from "./compare-facts.ts";
import { compareRows, type Sides } from "./compare-rows.ts";
import { describeSide, openComparisonSession } from "./comparison-session.ts";
import { pairNames } from "./pair-names.ts";
import { pairOf, readRowSources } from "./row-source.ts";
import { readSchemaFacts } from "./schema-facts.ts";

export interface DatabasePair {
  readonly left: MysqlConnectionSpec;
  readonly right: MysqlConnectionSpec;
}

/** Compares two databases of MySQL or MariaDB servers, of any version, by queries that share nothing with the dump. */
export async function compareDatabases(
  specs: DatabasePair,
  { schemaOnly, limits }: Pick<CompareRequest, "schemaOnly" | "limits">,
  { progress, signal }: CompareContext,
): Promise<Comparison> {
  progress.emit({ event: "phase", phase: "connect", message: "connecting to both databases" });
  await using sides = await openBoth(specs, signal);
  progress.emit({ event: "phase", phase: "schema", message: "comparing the schemas" });
  const [left, right] = await Promise.all([readSchemaFacts(sides.left), readSchemaFacts(sides.right)]);
  const objects = pairNames(left.keys(), right.keys(), [sides.left, sides.right]);
  const schema = [...schemaDifferences(left, right, objects)];
  const data = schemaOnly ? noData : await compareData(sides, limits, { progress, signal });
  return {
    equal: schema.length === 0 && data.dataDifferenceCount === 0,
    left: describeSide(sides.left),
    right: describeSide(sides.right),
    objectsCompared: left.size + right.size - objects.size,
    schemaDifferences: schema.slice(0, limits.schemaDifferences),
    schemaDifferenceCount: schema.length,
    ...data,
    notes: notesOf(sides, schemaOnly),
  };
}

type ComparedData = Pick<Comparison, "tablesCompared" | "rowsCompared" | "dataDifferences" | "dataDifferenceCount">;

const noData: ComparedData = { tablesCompared: 0, rowsCompared: 0, dataDifferences: [], dataDifferenceCount: 0 };

async function compareData(
  sides: Sides,
  limits: CompareRequest["limits"],
  { progress }: CompareContext,
): Promise<ComparedData> {
  progress.emit({ event: "phase", phase: "data", message: "comparing the rows" });
  const [left, right] = await Promise.all([readRowSources(sides.left), readRowSources(sides.right)]);
  const pairs = [...pairNames(left.keys(), right.keys(), [sides.left, sides.right])]
    .map(([name, other]) => pairOf(left.get(name)!, right.get(other)!))
    .filter(({ columns }) => columns.length > 0);
  const rows = pairs.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0);
  progress.emit({ event: "estimate", bytes: 0, rows, objects: pairs.length });
  const dataDifferences: DataDifference[] = [];
  let rowsCompared = 0;
  let tablesCompared = 0;
  let dataDifferenceCount = 0;
  for (const pair of pairs) {
    const isTold = dataDifferenceCount < limits.dataDifferences;
    const { difference } = await compareRows(pair, sides, isTold ? limits : { sampleRows: 0 }, (count) => {
      rowsCompared += count;
      progress.emit({ event: "progress", bytes: 0, rows: rowsCompared, objects: tablesCompared });
    });
    tablesCompared++;
    if (difference === undefined) continue;
    dataDifferenceCount++;
    if (isTold) dataDifferences.push(difference);
  }
  return { tablesCompared, rowsCompared, dataDifferences, dataDifferenceCount };
}

async function openBoth(specs: DatabasePair, signal: AbortSignal): Promise<Sides & AsyncDisposable> {
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

function notesOf({ left, right }: Sides, schemaOnly: boolean): string[] {
  const isSameKind = left.facts.flavour === right.facts.flavour;
  return [
    ...(schemaOnly ? ["rows were not compared"] : []),
    ...(schemaOnly || ![left, right].some(({ facts }) => facts.capabilities.systemVersioning)
      ? []
      : ["of tables with system versioning the rows of now were compared, not their history"]),
    ...(isSameKind ? [] : ["MySQL and MariaDB write many definitions differently: what differs may mean the same"]),
  ];
}
