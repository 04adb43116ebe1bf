import { counted, formatCount } from "../../core/counted.ts";
import type { ProgressEvent } from "../../ports/progress.ts";
import type { SampleChoice, SampledTable, SamplePlan } from "../../ports/sample.ts";
import { formatBytes } from "./amounts.ts";
import { type Column, formatTable } from "./table.ts";

const columns: readonly Column[] = [
  { title: "TABLE" },
  { title: "CHOSEN", align: "right" },
  { title: "REFERRED TO", align: "right" },
  { title: "ABOUT", align: "right" },
];

/** Tables told while a sample is made: the largest. */
const TABLES_TOLD = 20;

interface Sums {
  readonly chosen: number;
  readonly referenced: number;
  readonly estimatedBytes: number;
}

function sums({ tables }: SamplePlan): Sums {
  const sum = (of: (table: SampledTable) => number): number => tables.reduce((total, table) => total + of(table), 0);
  return {
    chosen: sum(({ chosen }) => chosen),
    referenced: sum(({ referenced }) => referenced),
    estimatedBytes: sum(({ estimatedBytes }) => estimatedBytes),
  };
}

function cells(name: string, { chosen, referenced, estimatedBytes }: Sums): string[] {
  return [name, formatCount(chosen), formatCount(referenced), formatBytes(estimatedBytes)];
}

/** The plan of a sample as a table, with what it comes to. */
export function sampleTable(plan: SamplePlan): string[] {
  const rows = plan.tables.map((table) => cells(`${table.schema}.${table.name}`, table));
  return [
    ...formatTable(columns, [...rows, cells("all", sums(plan))]),
    "Rows are exact as of now. Sizes are estimated, as dumped and before compression.",
  ];
}

/** The same for programs; names as in metadata and events. */
export function sampleDocument(database: string, sample: SampleChoice, plan: SamplePlan): object {
  const { chosen, referenced, estimatedBytes } = sums(plan);
  return {
    database,
    sample,
    rows_chosen: chosen,
    rows_referenced: referenced,
    estimated_bytes: estimatedBytes,
    tables: plan.tables.map((table) => ({
      schema: table.schema,
      name: table.name,
      rows_chosen: table.chosen,
      rows_referenced: table.referenced,
      estimated_bytes: table.estimatedBytes,
    })),
  };
}

/** What a sample will hold, as it is told before rows are copied. */
export function sampleLines({ rows_chosen, rows_referenced, bytes, tables }: SampleEvent): string[] {
  const largest = tables.toSorted((a, b) => b.bytes - a.bytes).slice(0, TABLES_TOLD);
  const rest = tables.length - largest.length;
  return [
    `the sample will hold ${amounts(rows_chosen, rows_referenced, bytes)}`,
    ...largest.map(
      (table) => `  ${table.schema}.${table.name}: ${amounts(table.rows_chosen, table.rows_referenced, table.bytes)}`,
    ),
    ...(rest > 0 ? [`  and ${counted(rest, "smaller table")}`] : []),
  ];
}

function amounts(chosen: number, referenced: number, bytes: number): string {
  return `${counted(chosen, "row")} chosen, ${formatCount(referenced)} that they refer to, about ${formatBytes(bytes)}`;
}

type SampleEvent = Extract<ProgressEvent, { event: "sample" }>;
