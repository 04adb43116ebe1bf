import { bareEntry } from "../../archive/bare-entry.ts";
import { isStatisticsCall } from "../../archive/optimizer-statistics.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";

/** Statements that begin or end transactions, which a single transaction around all of them cannot hold. */
const transactionPattern =
  /^(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION)\b/i;
const namePattern = '("(?:[^"]|"")*"|[^\\s";(.]+)';
const createDatabasePattern = new RegExp(`^CREATE\\s+DATABASE\\s+${namePattern}`, "i");
const copyPattern = new RegExp(`^COPY\\s+(?:${namePattern}\\.)?${namePattern}`, "i");
const ownerPattern = new RegExp(`\\sOWNER\\s+TO\\s+${namePattern}\\s*;$`, "i");
const extensionPattern = new RegExp(`^CREATE\\s+EXTENSION\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${namePattern}`, "i");
const systemCollation = /COLLATE "?pg_catalog"?\./;
const tablespacePattern = new RegExp(`^SET\\s+default_tablespace\\s*=\\s*${namePattern}\\s*;$`, "i");

export function isTransactionControl(sql: string): boolean {
  return transactionPattern.test(sql);
}

/** The name of the database that a statement creates. */
export function createdDatabase(sql: string): string | undefined {
  const name = createDatabasePattern.exec(sql)?.[1];
  return name === undefined ? undefined : unquoted(name);
}

/** The table that a COPY statement fills. */
export function copiedTable(sql: string): { readonly schema: string; readonly table: string } | undefined {
  const match = copyPattern.exec(sql);
  return match === null ? undefined : { schema: unquoted(match[1] ?? ""), table: unquoted(match[2]!) };
}

/**
 * What a pre-check needs to know of a statement, as the entry that an archive would have for it; undefined for statements
 * that need nothing of the server but room.
 */
export function statementEntry(sql: string): TocEntry | undefined {
  const owner = ownerPattern.exec(sql)?.[1];
  if (owner !== undefined) return entry({ drop: "DROP", owner: unquoted(owner) });
  const extension = extensionPattern.exec(sql)?.[1];
  if (extension !== undefined) return entry({ desc: "EXTENSION", tag: unquoted(extension), definition: sql });
  const tablespace = tablespacePattern.exec(sql)?.[1];
  if (tablespace !== undefined) return entry({ tablespace: unquoted(tablespace.replace(/^''$/, '""')) });
  if (/^(?:GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES|SET\s+SESSION\s+AUTHORIZATION)\s/i.test(sql)) {
    return entry({ desc: "ACL", definition: sql });
  }
  if (/^CREATE\s+POLICY\s/i.test(sql)) return entry({ desc: "POLICY", definition: sql });
  if (isStatisticsCall(sql)) return entry({ desc: "STATISTICS DATA" });
  return systemCollation.test(sql) ? entry({ desc: "TABLE", definition: sql }) : undefined;
}

function entry(part: Partial<TocEntry>): TocEntry {
  return bareEntry({ dumpId: 0, tag: "", desc: "", ...part });
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
