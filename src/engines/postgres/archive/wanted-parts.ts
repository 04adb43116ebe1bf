import { isStatistics } from "./optimizer-statistics.ts";
import { isSetting } from "./session-settings.ts";
import type { TocEntry } from "./toc-entry.ts";

/** Which parts of an entry are restored. */
export interface WantedParts {
  readonly definition: boolean;
  readonly data: boolean;
}

export interface PartOptions {
  readonly schemaOnly: boolean;
  readonly dataOnly: boolean;
  readonly statisticsOnly?: boolean;
  readonly noSchema?: boolean;
  readonly noData?: boolean;
  /** Leave out what the optimizer knew. */
  readonly noStatistics?: boolean;
  readonly noPrivileges: boolean;
  readonly noComments?: boolean;
  readonly noPolicies?: boolean;
  readonly noPublications?: boolean;
  readonly noSubscriptions?: boolean;
  readonly noSecurityLabels?: boolean;
  /** Values of sequences also where data is not wanted. */
  readonly sequenceData?: boolean;
  /** The database itself, with its settings, comment and privileges. */
  readonly create: boolean;
}

const nothing: WantedParts = { definition: false, data: false };
const definitionOnly: WantedParts = { definition: true, data: false };
const onlyData: WantedParts = { definition: false, data: true };
const both: WantedParts = { definition: true, data: true };

/**
 * Tells which parts of an entry the options ask for, whatever tables, schemas and sections are selected. The rules are
 * pg_restore's: sequence values and all that belongs to large objects count as data.
 */
export function partChooser(options: PartOptions): (entry: TocEntry) => WantedParts {
  const { schema, data, statistics } = wantedKinds(options);
  const leftOut = optionalClasses.filter(({ option }) => options[option] === true);
  return (entry) => {
    const { desc } = entry;
    if (isSetting(entry)) return nothing;
    if (desc === "DATABASE" || desc === "DATABASE PROPERTIES") return options.create ? definitionOnly : nothing;
    if (isStatistics(entry)) return statistics ? definitionOnly : nothing;
    if (isLeftOutClass(entry, options, leftOut)) return nothing;
    if (belongsToDatabase(entry) && !options.create) return nothing;
    const countedAsData = countsAsData(entry);
    const hasDefinition = entry.definition !== null && entry.definition !== "" && !isLoadViaRoot(entry);
    const isValue = options.sequenceData === true && desc === "SEQUENCE SET";
    const isDataWanted = (data && (entry.hadDumper || countedAsData)) || isValue;
    if (schema && hasDefinition && !countedAsData) return isDataWanted ? both : definitionOnly;
    return isDataWanted ? onlyData : nothing;
  };
}

/** Whether definitions, data and statistics are asked for. */
export function wantedKinds(options: PartOptions): { schema: boolean; data: boolean; statistics: boolean } {
  const { schemaOnly, dataOnly, statisticsOnly = false, noSchema, noData, noStatistics } = options;
  return {
    schema: !dataOnly && !statisticsOnly && noSchema !== true,
    data: !schemaOnly && !statisticsOnly && noData !== true,
    statistics: !schemaOnly && !dataOnly && noStatistics !== true,
  };
}

/** Types of entries that an option leaves out, and how the comments and labels on them begin. */
const optionalClasses = [
  { option: "noPolicies", types: ["POLICY", "ROW SECURITY"], attributes: "POLICY " },
  {
    option: "noPublications",
    types: ["PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"],
    attributes: "PUBLICATION ",
  },
  { option: "noSubscriptions", types: ["SUBSCRIPTION", "SUBSCRIPTION TABLE"], attributes: "SUBSCRIPTION " },
] as const;

function isLeftOutClass(
  entry: TocEntry,
  options: PartOptions,
  leftOut: readonly (typeof optionalClasses)[number][],
): boolean {
  const { desc, tag } = entry;
  if (options.noPrivileges && (desc === "ACL" || desc === "DEFAULT ACL")) return true;
  if (options.noComments === true && desc === "COMMENT") return true;
  if (options.noSecurityLabels === true && desc === "SECURITY LABEL") return true;
  return leftOut.some(
    ({ types, attributes }) =>
      (types as readonly string[]).includes(desc) || (isAttribute(entry) && tag.startsWith(attributes)),
  );
}

/** Data of a partition that must be loaded through the root of its tree: the definition is a comment that says so. */
export function isLoadViaRoot(entry: TocEntry): boolean {
  return entry.desc === "TABLE DATA" && entry.definition?.startsWith("-- load via partition root ") === true;
}

/** Comment, label or privileges of the database. */
export function belongsToDatabase(entry: TocEntry): boolean {
  return isAttribute(entry) && entry.tag.startsWith("DATABASE ");
}

/** What describes another entry: restored with it. */
export function isAttribute(entry: TocEntry): boolean {
  return entry.desc === "ACL" || entry.desc === "COMMENT" || entry.desc === "SECURITY LABEL";
}

function countsAsData(entry: TocEntry): boolean {
  const { desc, tag } = entry;
  if (desc === "SEQUENCE SET" || desc === "BLOB" || desc === "BLOB METADATA") return true;
  return isAttribute(entry) && tag.startsWith("LARGE OBJECT");
}
