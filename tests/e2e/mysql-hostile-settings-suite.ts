import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { type MysqlServer, rootSpec, startMysql } from "../helpers/mysql-server.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** What a server may set for all its sessions, ours too, so that statements fail or mean something else; those that it has. */
const settings: Readonly<Record<string, string>> = {
  sql_mode:
    "'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,TRADITIONAL'",
  autocommit: "0",
  completion_type: "'CHAIN'",
  sql_select_limit: "2",
  max_join_size: "3",
  sql_big_selects: "0",
  sql_safe_updates: "1",
  sql_auto_is_null: "1",
  sql_quote_show_create: "0",
  sql_notes: "0",
  sql_require_primary_key: "1",
  sql_generate_invisible_primary_key: "1",
  group_concat_max_len: "4",
  div_precision_increment: "0",
  time_zone: "'-11:30'",
  lc_time_names: "'de_DE'",
  character_set_client: "'latin1'",
  character_set_connection: "'latin1'",
  character_set_results: "'latin1'",
  character_set_server: "'gbk'",
  collation_connection: "'latin1_german2_ci'",
  default_storage_engine: "'MyISAM'",
  explicit_defaults_for_timestamp: "0",
  foreign_key_checks: "0",
  unique_checks: "0",
  innodb_strict_mode: "1",
  check_constraint_checks: "0",
  transaction_isolation: "'SERIALIZABLE'",
  tx_isolation: "'SERIALIZABLE'",
  transaction_read_only: "1",
  tx_read_only: "1",
  max_execution_time: "100",
  max_statement_time: "0.1",
  max_error_count: "0",
  max_sort_length: "64",
  net_write_timeout: "1",
  wait_timeout: "2",
  lock_wait_timeout: "1",
  cte_max_recursion_depth: "1",
  max_sp_recursion_depth: "0",
  information_schema_stats_expiry: "86400",
  print_identified_with_as_hex: "0",
  show_gipk_in_create_table_and_information_schema: "0",
};

async function objects(path: string): Promise<unknown> {
  return JSON.parse((await mustDbbackupHere(["show", path, "--json"])).stdout.toString()).objects;
}

/** Until it is disposed of, every new session has them. */
async function withSettings(server: MysqlServer): Promise<AsyncDisposable> {
  const untouched = await MysqlConnection.connect(rootSpec(server));
  await untouched.query("SET SESSION wait_timeout = 600");
  const known = new Set((await untouched.rows("SHOW GLOBAL VARIABLES")).map((row) => row["Variable_name"]));
  // Read-only there.
  if (server.flavour === "mysql-5.6") known.delete("explicit_defaults_for_timestamp");
  const names = Object.keys(settings).filter((name) => known.has(name));
  const before = await untouched.rows(`SELECT ${names.map((name) => `@@global.${name} AS ${name}`).join(", ")}`);
  for (const name of names) await untouched.query(`SET GLOBAL ${name} = ${settings[name]}`);
  return {
    async [Symbol.asyncDispose]() {
      for (const name of names) {
        const value = before[0]![name]!;
        await untouched.query(`SET GLOBAL ${name} = ${/^[\d.]+$/.test(value) ? value : `'${value}'`}`);
      }
      await untouched.close();
    },
  };
}

export function hostileMysqlSettings(flavours: readonly MysqlFlavour[]): void {
  describe.each(flavours)("settings of a server of %s", (flavour) => {
    test("change neither backups nor restores, comparisons and proofs", async () => {
      await using server = await startMysql({ flavour });
      await using folder = await withTemporaryFolder();
      await using shop = await withMysqlShop(server);
      await using other = await withMysqlShop(server);
      await other.sql("UPDATE plain SET v = 'other' ORDER BY v DESC LIMIT 1");
      const login = ["--no-defaults", "--url", server.url()];
      const files = (name: string) => [join(folder.path, `${name}.sql`), join(folder.path, `${name}.dir`)] as const;
      const backUp = async (name: string): Promise<void> => {
        const [script, directory] = files(name);
        const from = ["backup", "single", shop.name, ...login, "--quiet", "--output"];
        await mustDbbackupHere([...from, script]);
        await mustDbbackupHere([...from, directory, "--format=directory", "--jobs=2"]);
      };
      await backUp("before");

      await using _settings = await withSettings(server);
      await backUp("under");
      for (const [at, path] of files("under").entries()) {
        expect(await objects(path)).toEqual(await objects(files("before")[at]!));
        const target = `${shop.name}_${at}`;
        await mustDbbackupHere(["restore", "single", path, ...login, "--target", target, "--create", "--quiet"]);
        await mustDbbackupHere(["compare", server.url(shop.name), server.url(target), "--quiet"]);
        await mustDbbackupHere(["verify", path, "--restore", "--server", server.url(), "--quiet"]);
      }
      const differs = await dbbackupHere(["compare", server.url(shop.name), server.url(other.name), "--quiet"]);
      expect(differs).toMatchObject({ status: 4 });
      await mustDbbackupHere(["preflight", shop.name, ...login, "--repo", folder.path]);
    });
  });
}
