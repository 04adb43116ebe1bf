import { createReadStream } from "node:fs";
import { ScriptReader } from "../../../src/engines/mysql/script/read-script.ts";
import { FollowedQuoting } from "../../../src/engines/mysql/script/session-quoting.ts";
import { headOf, statementKind } from "../../../src/engines/mysql/script/statement-head.ts";
import { TableTotals } from "../../../src/engines/mysql/script/table-totals.ts";

/** What a script of MySQL or MariaDB makes: by the first line, which names it, and the number of rows of each table. */
export interface ScriptParts {
  /** Binary strings. */
  readonly parts: readonly string[];
  readonly rows: ReadonlyMap<string, number>;
}

/** `CREATE ... KIND name`, without what stands between. */
const created =
  /^CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+|DEFINER\s*=\s*(?:`(?:[^`]|``)*`|\S+?)(?:@(?:`(?:[^`]|``)*`|\S+))?\s+|SQL\s+SECURITY\s+\w+\s+|AGGREGATE\s+|JSON\s+RELATIONAL\s+DUALITY\s+)*(?<kind>TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE(?:\s+BODY)?|SEQUENCE|LIBRARY)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?<name>`(?:[^`]|``)*`|[^\s(]+)/i;
/** In which circumstances code is made. */
const circumstances =
  /\b(?<name>sql_mode|character_set_client|collation_connection|time_zone)\s*=\s*(?<value>'[^']*'|\w+)/gi;
const names = /^SET\s+NAMES\s+(?<charset>\w+)(?:\s+COLLATE\s+(?<collation>\w+))?/i;
/** Those whose text hangs on circumstances. */
const isCode = /^(?:TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE)/;

/** Reads a script statement by statement; of rows only numbers are held. */
export async function readParts(path: string): Promise<ScriptParts> {
  await using reader = new ScriptReader(createReadStream(path));
  const quoting = new FollowedQuoting();
  const totals = new TableTotals();
  const parts = new Map<string, string>();
  const session = new Map<string, string>();
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind === "character set") {
      quoting.setCharacterSet(item.name);
      reader.quoting = quoting.quoting;
      continue;
    }
    const head = headOf(item.text);
    const found = statementKind(head);
    if (found.kind === "rows") {
      const rows = totals.open(found.schema, found.table, item, quoting.quoting);
      if (item.kind === "statement") rows?.push(item.text);
      else for await (const piece of item.pieces()) rows?.push(piece);
      rows?.end();
      continue;
    }
    if (found.kind === "quoting") {
      quoting.follow(head);
      reader.quoting = quoting.quoting;
    }
    const text = withoutVersions(item.text.toString("latin1"));
    if (/^SET\b/i.test(text)) follow(text, session);
    else note(text, session, parts);
  }
  const counted = totals.all().map(({ name, totals: { rows } = { rows: -1 } }) => [name, rows] as const);
  return { parts: [...parts.values()], rows: new Map(counted) };
}

function follow(text: string, session: Map<string, string>): void {
  const { charset, collation } = names.exec(text)?.groups ?? {};
  if (charset !== undefined) session.set("character_set_client", charset.toLowerCase());
  if (collation !== undefined) session.set("collation_connection", collation.toLowerCase());
  for (const { groups } of text.matchAll(circumstances)) {
    session.set(groups!["name"]!.toLowerCase(), groups!["value"]!.replaceAll("'", "").toLowerCase());
  }
}

/** A stand-in of a view is made before the view, which is made last. */
function note(text: string, session: ReadonlyMap<string, string>, parts: Map<string, string>): void {
  const { kind, name } = created.exec(text)?.groups ?? {};
  if (kind === undefined || name === undefined) return;
  const head = `${kind.toUpperCase().replaceAll(/\s+/g, " ")} ${name.replaceAll("`", "")}`;
  const asked = isCode.test(head)
    ? ["sql_mode", "character_set_client", "collation_connection", ...(head.startsWith("EVENT") ? ["time_zone"] : [])]
    : [];
  const settings = asked.map((setting) => `${setting} ${session.get(setting) ?? "?"}`);
  // A view is one line of the server's own.
  const own = head.startsWith("VIEW") ? spaced(text).replaceAll("\n", " ") : spaced(text);
  parts.set(head, [head, ...settings, own].join("\n"));
}

/** Dump programs break a definition into comments with versions, and join them with blanks. */
function spaced(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim().replaceAll(/[ \t]+/g, " "))
    .filter((line) => line !== "")
    .join("\n");
}

/** Versions are asked by servers; here all of it is meant. */
function withoutVersions(text: string): string {
  return text
    .replace(/^(?:--[^\n]*\n|\s)+/, "")
    .replaceAll(/\/\*M?!\d{0,6}\s?/g, "")
    .replaceAll(/\s?\*\//g, "")
    .trim();
}
