import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { DumpFormat } from "../../src/core/dump-format.ts";
import { type MysqlFlavour, mysqlFlavours } from "../../tests/helpers/mysql-packages.ts";
import type { PostgresMajor } from "../../tests/helpers/postgres-packages.ts";
import { type StockMajor, stock } from "../../tests/helpers/stock-tools.ts";
import { mysqlToolsFolder } from "../../tests/helpers/tools-folder.ts";

export const usage = `npm run parity -- [OPTION]... [DB]...

Backs up databases with --engine native and --engine tools, in one snapshot and in all formats, and prints every difference
that docs/postgres.md does not name, with the time and size of both. Ends with 1 when there is one.
Of MySQL and MariaDB (--flavour, or --url mysql://...): the scripts of both, what docs/mysql.md does not name; nobody may write.

  --url URL           the server; without it one of our own is started, with the object zoo of the tests
  --major N           the version of that one; default: 18
  --tools-path DIR    PostgreSQL's own programs; default: PATH, without --url those of the tests, of version 18
  --tools N           those of the tests, of this version: 15, 17 or 18
  --flavour NAME      a server of MySQL or MariaDB of our own: mariadb-10.5, mariadb-10.11, mariadb-11.8, mysql-5.6, mysql-9.7
  --load              of MySQL and MariaDB: run both scripts, each with the other's client, in databases made for it; always with --flavour
  --formats NAME,...  default: custom,directory,tar,plain
  --jobs N            of format directory; default: 2
  --json              one JSON document
`;

export interface ParityOptions {
  readonly url: string | undefined;
  readonly major: PostgresMajor;
  readonly flavour: MysqlFlavour | undefined;
  readonly loads: boolean;
  readonly toolsPath: string | undefined;
  readonly formats: readonly DumpFormat[];
  readonly jobs: number;
  readonly json: boolean;
  readonly databases: readonly string[];
}

const allFormats: readonly DumpFormat[] = ["custom", "directory", "tar", "plain"];

/** Reads the arguments; undefined when help is asked for. */
export async function readOptions(args: readonly string[]): Promise<ParityOptions | undefined> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: "string" },
      major: { type: "string", default: "18" },
      flavour: { type: "string" },
      load: { type: "boolean", default: false },
      tools: { type: "string" },
      "tools-path": { type: "string" },
      formats: { type: "string", default: allFormats.join(",") },
      jobs: { type: "string", default: "2" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const formats = values.formats.split(",").map((name) => allFormats.find((format) => format === name));
  if (formats.includes(undefined)) throw new Error(`--formats takes some of ${allFormats.join(", ")}`);
  const flavour = mysqlFlavours.find((name) => name === values.flavour);
  if (values.flavour !== undefined && flavour === undefined) {
    throw new Error(`--flavour takes one of ${mysqlFlavours.join(", ")}`);
  }
  return {
    url: values.url,
    major: Number(values.major) as PostgresMajor,
    flavour,
    loads: values.load,
    toolsPath: await toolsPathOf(values, flavour),
    formats: formats as DumpFormat[],
    jobs: Number(values.jobs),
    json: values.json,
    databases: positionals,
  };
}

interface NamedTools {
  readonly url?: string;
  readonly tools?: string;
  readonly "tools-path"?: string;
}

async function toolsPathOf(values: NamedTools, flavour: MysqlFlavour | undefined): Promise<string | undefined> {
  const { url, tools, "tools-path": path } = values;
  if (tools !== undefined) return await folderOf(Number(tools) as StockMajor);
  if (path !== undefined || url !== undefined) return path;
  return flavour === undefined ? await folderOf(18) : await mysqlToolsFolder(flavour);
}

async function folderOf(major: StockMajor): Promise<string> {
  return dirname(await stock(major).path("pg_dump"));
}
