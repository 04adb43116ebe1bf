import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { DirectoryKind } from "../directory/directory-schema.ts";
import { codeInOneCharset } from "../objects/code-in-one-charset.ts";
import type { Relation } from "../objects/read-relations.ts";
import { readEvents, readRoutines, readTriggers } from "../objects/read-routines.ts";
import { type ShownObject, showCreate } from "../objects/show-create.ts";
import { showCreateTable } from "../objects/show-create-table.ts";
import { viewsInOrder } from "../objects/view-order.ts";
import { withoutOwnDatabase } from "../objects/view-text.ts";
import { nameInComment, quoteName } from "../quote.ts";
import { convertText } from "../script/convert-text.ts";
import type { DumpRun } from "./dump-run.ts";
import type { ScriptWriter } from "./script-writer.ts";

/** Objects take its character set and collation where they say none, so they belong to what is backed up. */
export async function writeDatabase(
  { shape, snapshot, database, defaults }: DumpRun,
  writer: ScriptWriter,
): Promise<void> {
  if (shape.script.create) {
    const name = quoteName(database);
    const { create } = await showCreate(
      snapshot.sessions[0]!,
      "DATABASE IF NOT EXISTS",
      name,
      `database "${database}"`,
    );
    await writer.write("\n", create, `;\nUSE ${name};\n`);
  }
  await writer.write(`\nALTER DATABASE CHARACTER SET ${defaults.charset} COLLATE ${defaults.collation};\n`);
}

/** The statements that make a table. */
export async function tableText(
  { options, database, source }: DumpRun,
  session: MysqlConnection,
  { name }: Relation,
): Promise<(string | Buffer)[]> {
  const create = await showCreateTable(session, database, name, source.facts);
  const drop = options.drops ? `DROP TABLE IF EXISTS ${quoteName(name)};\n` : "";
  return [`\n-- table ${nameInComment(name)}\n${drop}`, create, ";\n"];
}

/** Something that comes behind all tables. */
export interface LateObject {
  readonly kind: DirectoryKind;
  readonly name: string;
  /** Of a trigger. */
  readonly table?: string;
  /** Statements without code: all of it for a stand-in, else what comes before the object. */
  readonly before: string;
  readonly shown?: ShownObject;
}

/**
 * Views may call functions, functions may read views, and triggers anything: first every view gets a stand-in with its
 * columns, then come routines, whose bodies servers do not look into, then the views themselves.
 */
export async function* lateObjects(run: DumpRun): AsyncGenerator<LateObject> {
  const { snapshot, database, source, options, relations } = run;
  const session = snapshot.sessions[0]!;
  const views = await readViews(run, relations);
  for (const { name, columns } of views)
    yield { kind: "stand-in", name, before: standIn(name, columns, options.drops) };
  if (options.routines) {
    for (const { what, name } of await readRoutines(session, database, source.facts)) yield await shown(what, name);
  }
  for (const view of viewsInOrder(views)) yield await shown("VIEW", view.name, { shown: view.shown });
  if (options.triggers) {
    const chosen = new Set(relations.map(({ name }) => name));
    for (const { name, table } of await readTriggers(session, database)) {
      if (chosen.has(table)) yield await shown("TRIGGER", name, { table });
    }
  }
  if (options.events) {
    for (const name of await readEvents(session, database)) yield await shown("EVENT", name);
  }

  async function shown(what: string, name: string, more: Partial<LateObject> = {}): Promise<LateObject> {
    const quoted = quoteName(name);
    // A stand-in must go in any case.
    const before = options.drops || what === "VIEW" ? `\nDROP ${what} IF EXISTS ${quoted}` : "\n";
    const object = more.shown ?? (await inOneCharset(run, session, what, name));
    const kind = what.toLowerCase().replace(" ", "-") as DirectoryKind;
    return { ...more, kind, name, before, shown: object };
  }
}

async function inOneCharset(
  { source, telling }: DumpRun,
  session: MysqlConnection,
  what: string,
  name: string,
): Promise<ShownObject> {
  const label = `${what.toLowerCase()} "${name}"`;
  const shown = await showCreate(session, what, quoteName(name), label);
  const characterSet = shown.field("character_set_client") ?? "utf8mb4";
  const { capabilities } = source.facts;
  const create = await codeInOneCharset(session, what, shown.create, characterSet, capabilities, () =>
    telling.warn(
      `${label} was made in ${characterSet}, which has not all letters of its name, definer or comment`,
      name,
    ),
  );
  return { create, field: (field) => shown.field(field) };
}

interface View {
  readonly name: string;
  readonly columns: Relation["columns"];
  readonly shown: ShownObject;
  readonly create: Buffer;
}

async function readViews({ snapshot, telling, database }: DumpRun, relations: readonly Relation[]): Promise<View[]> {
  const session = snapshot.sessions[0]!;
  const views: View[] = [];
  for (const { name, kind, columns } of relations) {
    if (kind !== "view") continue;
    if (columns.length === 0) {
      telling.warn(`view "${name}" is invalid, and is left out: something that it selects from is gone`, name);
      continue;
    }
    const shown = await showCreate(session, "VIEW", quoteName(name), `view "${name}"`);
    const characterSet = shown.field("character_set_client") ?? "utf8mb4";
    const { bytes } = await convertText(session, Buffer.from(quoteName(database)), characterSet);
    const create = withoutOwnDatabase(shown.create, bytes, characterSet);
    views.push({ name, columns, shown: { create, field: (field) => shown.field(field) }, create });
  }
  return views;
}

function standIn(name: string, columns: Relation["columns"], drops: boolean): string {
  const list = columns.map((column) => `1 AS ${quoteName(column.name)}`).join(", ");
  const drop = drops ? `DROP VIEW IF EXISTS ${quoteName(name)};\n` : "";
  return `\n${drop}CREATE VIEW ${quoteName(name)} AS SELECT ${list};\n`;
}
