import { readFile } from "node:fs/promises";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "zoo");

/** The parts of the object zoo: `tests/zoo/<part>.sql`. */
export const zooParts = ["tables", "keys", "partitions", "views", "on-tables", "circles"] as const;

/**
 * SQL that creates the object zoo in an empty database of that major, each part in a schema of its own, as superuser.
 * Owners and grantees are roles that every server has.
 */
export async function zooSql(major: number, parts: readonly string[] = zooParts): Promise<string> {
  const scripts = parts.map(async (part) => {
    const sql = await readFile(join(folder, `${part}.sql`), "utf8");
    return `CREATE SCHEMA "zoo ${part}";\nSET search_path = "zoo ${part}";\n${sqlForMajor(major, sql)}\n`;
  });
  return `${(await Promise.all(scripts)).join("\n")}RESET search_path;\n`;
}

/**
 * The SQL that a server of `major` understands. Text is cut into blocks at empty lines; a block that begins with a line
 * `-- since N` or `-- until N` (or both, one line each) is left out for other majors.
 */
function sqlForMajor(major: number, sql: string): string {
  return sql
    .split(/\n\s*\n/)
    .filter((block) => {
      const since = /^\s*-- since (\d+)$/m.exec(block)?.[1];
      const until = /^\s*-- until (\d+)$/m.exec(block)?.[1];
      return major >= Number(since ?? 0) && major <= Number(until ?? Number.POSITIVE_INFINITY);
    })
    .join("\n\n");
}
