import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { ScriptWriter } from "../dump/script-writer.ts";
import { quoteName, quoteText } from "../quote.ts";
import { ofDatabase } from "./of-database.ts";
import type { Relation } from "./read-relations.ts";

/** When a histogram was made, which a load decides anew. What strings hold has a backslash before its quotes. */
const lastUpdated = /"last-updated": "[^"]*", /;

/** @throws BackupError UNSUPPORTED_SERVER */
export function requireHistograms({ capabilities, versionText }: MysqlServerFacts): void {
  if (capabilities.histograms) return;
  throw new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${versionText} has no histograms that a backup could hold`,
    hint: "leave out --column-statistics",
  });
}

/**
 * Histograms of MySQL: as they are where servers take them so (8.0.31 and newer), else statements that make them anew from
 * the rows. Loads of other servers pass over them.
 */
export async function writeHistograms(
  connection: MysqlConnection,
  database: string,
  tables: readonly Relation[],
  { capabilities }: MysqlServerFacts,
  writer: ScriptWriter,
): Promise<void> {
  const chosen = new Set(tables.map(({ name }) => name));
  const rows = await connection.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, HISTOGRAM, JSON_EXTRACT(HISTOGRAM, '$."number-of-buckets-specified"') AS buckets FROM information_schema.COLUMN_STATISTICS WHERE ${ofDatabase("SCHEMA_NAME", database)} ORDER BY TABLE_NAME, COLUMN_NAME`,
  );
  for (const { TABLE_NAME, COLUMN_NAME, HISTOGRAM, buckets } of rows) {
    if (!chosen.has(TABLE_NAME!)) continue;
    const source = capabilities.histogramData
      ? `USING DATA ${quoteText(HISTOGRAM!.replace(lastUpdated, ""))}`
      : `WITH ${buckets} BUCKETS`;
    const statement = `ANALYZE TABLE ${quoteName(TABLE_NAME!)} UPDATE HISTOGRAM ON ${quoteName(COLUMN_NAME!)} ${source}`;
    // The end of a comment would end it for servers that do not run it.
    const isBare = statement.includes("*/");
    const opener = capabilities.histogramData ? "/*!80031" : "/*!80003";
    await writer.write(isBare ? `${statement};\n` : `${opener} ${statement} */;\n`);
  }
}
