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
  const leftOutTags = [
    ...(options.create ? [] : [tagOfDatabase]),
    ...leftOutClasses(options).map(({ attributes }) => attributes),
  ];
  const partsOf = (entry: TocEntry, rule: TypeRule): WantedParts => {
    if (rule.fixed !== undefined) return rule.fixed;
    if (rule.isAttribute && leftOutTags.some((tag) => entry.tag.startsWith(tag))) return nothing;
    const countedAsData = rule.isData || (rule.isAttribute && entry.tag.startsWith("LARGE OBJECT"));
    const hasDefinition = entry.definition !== null && entry.definition !== "" && !isLoadViaRoot(entry);
    const isDataWanted = (data && (entry.hadDumper || countedAsData)) || rule.isWantedValue;
    if (schema && hasDefinition && !countedAsData) return isDataWanted ? both : definitionOnly;
    return isDataWanted ? onlyData : nothing;
  };
  // There are tens of thousands of entries, and few types.
  const rules = new Map<string, TypeRule>();
  return (entry) => {
    let rule = rules.get(entry.desc);
    if (rule === undefined) {
      rule = ruleOf(entry, options, statistics);
      rules.set(entry.desc, rule);
    }
    return partsOf(entry, rule);
  };
}

/** What is so for all entries of a type. */
interface TypeRule {
  /** Whatever the entry. */
  readonly fixed: WantedParts | undefined;
  readonly isAttribute: boolean;
  readonly isData: boolean;
  /** Asked for where no other data is. */
  readonly isWantedValue: boolean;
}

function ruleOf(entry: TocEntry, options: PartOptions, statistics: boolean): TypeRule {
  return {
    fixed: partsOfType(entry, options, statistics),
    isAttribute: isAttribute(entry),
    isData: entry.desc === "SEQUENCE SET" || entry.desc === "BLOB" || entry.desc === "BLOB METADATA",
    isWantedValue: options.sequenceData === true && entry.desc === "SEQUENCE SET",
  };
}

function partsOfType(entry: TocEntry, options: PartOptions, statistics: boolean): WantedParts | undefined {
  const { desc } = entry;
  if (isSetting(entry)) return nothing;
  if (desc === "DATABASE" || desc === "DATABASE PROPERTIES") return options.create ? definitionOnly : nothing;
  if (isStatistics(entry)) return statistics ? definitionOnly : nothing;
  if (options.noPrivileges && (desc === "ACL" || desc === "DEFAULT ACL")) return nothing;
  if (options.noComments === true && desc === "COMMENT") return nothing;
  if (options.noSecurityLabels === true && desc === "SECURITY LABEL") return nothing;
  const isLeftOut = leftOutClasses(options).some(({ types }) => (types as readonly string[]).includes(desc));
  return isLeftOut ? nothing : undefined;
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

function leftOutClasses(options: PartOptions): readonly (typeof optionalClasses)[number][] {
  return optionalClasses.filter(({ option }) => options[option] === true);
}

/** Data of a partition that must be loaded through the root of its tree: the definition is a comment that says so. */
export function isLoadViaRoot(entry: TocEntry): boolean {
  return entry.desc === "TABLE DATA" && entry.definition?.startsWith("-- load via partition root ") === true;
}

/** Comment, label or privileges of the database. */
export function belongsToDatabase(entry: TocEntry): boolean {
  return isAttribute(entry) && entry.tag.startsWith(tagOfDatabase);
}

const tagOfDatabase = "DATABASE ";

/** What describes another entry: restored with it. */
export function isAttribute(entry: TocEntry): boolean {
  return entry.desc === "ACL" || entry.desc === "COMMENT" || entry.desc === "SECURITY LABEL";
}
