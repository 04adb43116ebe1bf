import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { ScriptWriter } from "../dump/script-writer.ts";
import { quoteName } from "../quote.ts";
import { showCreate } from "./show-create.ts";

/** A sequence of MariaDB, and its place: the first value that no session has taken into its cache. */
export async function writeSequence(
  connection: MysqlConnection,
  name: string,
  writer: ScriptWriter,
  drops: boolean,
): Promise<void> {
  const quoted = quoteName(name);
  const { create } = await showCreate(connection, "SEQUENCE", quoted, `sequence "${name}"`);
  const [state] = await connection.rows(`SELECT next_not_cached_value, cycle_count FROM ${quoted}`);
  await writer.write(drops ? `\nDROP SEQUENCE IF EXISTS ${quoted};\n` : "\n", create, ";\n");
  await writer.write(`DO SETVAL(${quoted}, ${state!.next_not_cached_value}, 0, ${state!.cycle_count});\n`);
}
