import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { DirectoryIndex, DirectoryObject } from "../directory/directory-index.ts";
import type { OpenedDirectory } from "../restore/directory/directory-backup.ts";
import { type DirectoryFacts, mergeFacts } from "../restore/directory/directory-scripts.ts";
import { scanScript } from "../restore/scan-script.ts";
import { eachStatement } from "../script/each-statement.ts";
import { headOf, statementKind } from "../script/statement-head.ts";
import { loadMydumperFile } from "./load-mydumper-file.ts";
import { type MydumperFolder, type MydumperTable, readMydumperFolder } from "./mydumper-folder.ts";
import { scriptFile, statementEnd } from "./mydumper-script.ts";

/** Nobody knows them before they are loaded. */
const unknownRows = -1;

/**
 * Reads a folder of mydumper as if it had an index: tables, their rows, views behind tables that stand in for them, routines
 * and events, triggers. All its scripts but those of rows are read once.
 * @throws BackupError DAMAGED, USAGE, FOREIGN_FILE
 */
export async function openMydumper(files: BackupFiles, codec: Codec): Promise<OpenedDirectory> {
  const folder = readMydumperFolder(files);
  const script = (file: string): AsyncIterable<Uint8Array> => scriptFile(files, file, codec);
  const defaults = await readDefaults(folder, script);
  const objects = await readObjects(folder, files, script);
  const index: DirectoryIndex = {
    format: "dbbackup-mysql-directory",
    format_version: 1,
    tool: "mydumper",
    flavour: "mysql",
    server_version: "",
    database: defaults.database,
    character_set: defaults.charset,
    collation: defaults.collation,
    compression: "none",
    objects,
  };
  const source = {
    script,
    delimiter: statementEnd,
    lacksModes: true,
    ownName: defaults.database,
    load: loadMydumperFile,
  };
  return { files, index, facts: await readFacts(index, script), source };
}

type ReadScript = (file: string) => AsyncIterable<Uint8Array>;

/** Of the database, as its CREATE DATABASE says them; empty where it does not. */
async function readDefaults(
  { create, prefix }: MydumperFolder,
  script: ReadScript,
): Promise<{ readonly database: string; readonly charset: string; readonly collation: string }> {
  let found = { database: prefix, charset: "", collation: "" };
  if (create === undefined) return found;
  const take = (text: Buffer): void => {
    const kind = statementKind(headOf(text));
    if (kind.kind !== "create database") return;
    const sql = text.toString("latin1");
    found = {
      database: kind.database,
      charset: /\bCHARACTER SET (\w+)/i.exec(sql)?.[1] ?? "",
      collation: /\bCOLLATE (\w+)/i.exec(sql)?.[1] ?? "",
    };
  };
  await eachStatement(script(create), take, statementEnd);
  return found;
}

async function readObjects(folder: MydumperFolder, files: BackupFiles, script: ReadScript): Promise<DirectoryObject[]> {
  const schema = (file: string) => ({ schema: { file, bytes: files.sizes.get(file)!, sha256: "" } });
  const early: DirectoryObject[] = folder.sequences.map((file) => ({ kind: "sequence", name: file, ...schema(file) }));
  const late: DirectoryObject[] = folder.post.map((file) => ({
    kind: "procedure",
    name: "routines and events",
    ...schema(file),
  }));
  const triggers: DirectoryObject[] = [];
  for (const table of folder.tables) {
    const name = await nameOf(table, script);
    const definition = table.schema === undefined ? {} : schema(table.schema);
    if (table.view === undefined) early.push({ kind: "table", name, ...definition, ...dataOf(table) });
    else {
      if (table.schema !== undefined) early.push({ kind: "stand-in", name, ...definition });
      late.push({ kind: "view", name, ...schema(table.view) });
    }
    if (table.triggers !== undefined) {
      triggers.push({ kind: "trigger", name: `of ${name}`, table: name, ...schema(table.triggers) });
    }
  }
  return [...early, ...late, ...triggers];
}

function dataOf({ rows }: MydumperTable): Pick<DirectoryObject, "data"> {
  if (rows.length === 0) return {};
  const chunks = rows.map(({ file, bytes }) => ({
    file,
    rows: unknownRows,
    bytes,
    stored_bytes: bytes,
    sha256: "",
    checksum: "",
  }));
  const bytes = rows.reduce((sum, file) => sum + file.bytes, 0);
  return { data: { columns: [], rows: unknownRows, bytes, checksum: "", chunks } };
}

/** As its definition says it: names of files leave out what file systems would not take. */
async function nameOf({ schema, view, base }: MydumperTable, script: ReadScript): Promise<string> {
  let found: string | undefined;
  const take = (text: Buffer): void => {
    const [, quoted] = /^CREATE (?:TEMPORARY )?TABLE (?:IF NOT EXISTS )?`((?:[^`]|``)+)`/i.exec(headOf(text)) ?? [];
    if (quoted !== undefined) found ??= Buffer.from(quoted.replaceAll("``", "`"), "latin1").toString();
  };
  const file = schema ?? view;
  if (file !== undefined) await eachStatement(script(file), take, statementEnd);
  return found ?? base;
}

async function readFacts({ objects, database }: DirectoryIndex, script: ReadScript): Promise<DirectoryFacts> {
  const scans = objects.flatMap(({ schema }) =>
    schema === undefined ? [] : [{ file: schema.file, scan: () => scanScript(script(schema.file), statementEnd) }],
  );
  const facts = await mergeFacts(scans, "");
  const rows = objects.some(({ data }) => data !== undefined)
    ? ["files of rows are statements, which are not looked at before they are run"]
    : [];
  const databases = new Set(facts.databases);
  databases.delete(database);
  return { ...facts, databases, needsTrust: [...facts.needsTrust, ...rows] };
}
