import { BackupError } from "../../../core/backup-error.ts";
import type { ClusterScript } from "../../../ports/cluster.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { encodingSetting, readScript, type ScriptItem } from "../restore/script/read-script.ts";
import { createdDatabase } from "../restore/script/statement-facts.ts";

/** What may stand before the statement that a database begins with, and belongs to it. */
const setting = /^(?:SET|SELECT\s+pg_catalog\s*\.\s*set_config)\b/i;

/**
 * Finds the parts of a script of pg_dumpall: globals first, then the databases, each of which begins with CREATE DATABASE or
 * with a connection to one that is there.
 * @throws BackupError FOREIGN_FILE, DAMAGED
 */
export async function splitClusterScript(source: AsyncIterable<Uint8Array>): Promise<ClusterScript> {
  const begins: { readonly name: string; readonly start: number }[] = [];
  let encoding: string | undefined;
  /** Where the settings begin that stand right here, if any do. */
  let settings: number | undefined;
  for await (const item of readScript(source, undefined, "measure")) {
    if (item.kind === "statement") encoding ??= encodingSetting(item.sql);
    const name = databaseOf(item);
    if (name === undefined) settings = settingsBefore(item, settings);
    else {
      if (name !== begins.at(-1)?.name) begins.push({ name, start: settings ?? item.from });
      settings = undefined;
    }
  }
  const decode = nameDecoder(encoding ?? "UTF8");
  const databases = begins.map(({ name, start }, at) => ({ name: decode(name), start, end: begins[at + 1]?.start }));
  const names = new Set<string>();
  for (const { name } of databases) {
    if (names.has(name)) throw twice(name);
    names.add(name);
  }
  return { globals: { end: begins[0]?.start }, databases };
}

/** The database that an item makes, or goes to. */
function databaseOf(item: ScriptItem): string | undefined {
  if (item.kind === "command") return item.command.kind === "connect" ? item.command.database : undefined;
  return item.kind === "statement" ? createdDatabase(item.sql) : undefined;
}

function settingsBefore(item: ScriptItem, settings: number | undefined): number | undefined {
  if (item.kind === "command") return item.command.kind === "restrict" ? item.from : undefined;
  return item.kind === "statement" && setting.test(item.sql) ? (settings ?? item.from) : undefined;
}

function twice(name: string): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `the script comes to database "${name}" twice, as pg_dumpall before version 11 wrote it`,
    hint: "run it with psql, or back the server up again with backup cluster",
  });
}
