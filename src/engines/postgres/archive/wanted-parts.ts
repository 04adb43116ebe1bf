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
  readonly noPrivileges: boolean;
  /** Leave out what the optimizer knew. */
  readonly noStatistics?: boolean;
  /** The database itself, with its settings, comment and privileges. */
  readonly create: boolean;
}

const nothing: WantedParts = { definition: false, data: false };

/**
 * Which parts of an entry the options ask for, whatever tables and schemas are selected. The rules are pg_restore's:
 * sequence values and all that belongs to large objects count as data.
 */
export function wantedParts(entry: TocEntry, options: PartOptions): WantedParts {
  const { desc } = entry;
  if (isSetting(entry)) return nothing;
  if (desc === "DATABASE" || desc === "DATABASE PROPERTIES") return { definition: options.create, data: false };
  if (isStatistics(entry)) {
    const { schemaOnly, dataOnly, noStatistics } = options;
    return { definition: !schemaOnly && !dataOnly && noStatistics !== true, data: false };
  }
  if ((desc === "ACL" || desc === "DEFAULT ACL") && options.noPrivileges) return nothing;
  if (belongsToDatabase(entry) && !options.create) return nothing;
  const isData = entry.hadDumper || countsAsData(entry);
  const hasDefinition = entry.definition !== null && entry.definition !== "" && !isLoadViaRoot(entry);
  return {
    definition: !options.dataOnly && hasDefinition && !countsAsData(entry),
    data: !options.schemaOnly && isData,
  };
}

/** Data of a partition that must be loaded through the root of its tree: the definition is a comment that says so. */
export function isLoadViaRoot(entry: TocEntry): boolean {
  return entry.definition?.startsWith("-- load via partition root ") === true;
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
