import { quoteText } from "../quote.ts";

/**
 * A condition for a column with the name of a database. The information schemas of MariaDB, and of MySQL before 8, compare
 * such names without regard to case, also where `Shop` and `shop` are two databases. (The plain comparison comes first: by
 * it servers find what they have to open.)
 */
export function ofDatabase(column: string, database: string): string {
  const name = quoteText(database);
  const isExact = `CAST(${column} AS BINARY) = CAST(${name} AS BINARY)`;
  return `${column} = ${name} AND (@@lower_case_table_names <> 0 OR ${isExact})`;
}
