import { readFile } from "node:fs/promises";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "zoo");

/** SQL that creates one part of the object zoo (`tests/zoo/*.sql`) in an empty database of that major. */
export async function zooSql(part: string, major: number): Promise<string> {
  return sqlForMajor(major, await readFile(join(folder, `${part}.sql`), "utf8"));
}

/**
 * The SQL that a server of `major` understands. Text is cut into blocks at empty lines; a block that begins with a line
 * `-- since N` or `-- until N` (or both, one line each) is left out for other majors.
 */
export function sqlForMajor(major: number, sql: string): string {
  return sql
    .split(/\n\s*\n/)
    .filter((block) => {
      const since = /^\s*-- since (\d+)$/m.exec(block)?.[1];
      const until = /^\s*-- until (\d+)$/m.exec(block)?.[1];
      return major >= Number(since ?? 0) && major <= Number(until ?? Number.POSITIVE_INFINITY);
    })
    .join("\n\n");
}
