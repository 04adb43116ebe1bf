/** What one side says of an object. Binary strings, as in the facts. */
export type Aspects = ReadonlyMap<string, string>;

/** An object that differs, seen from B, which is to become like A. */
export interface Change {
  /** `table`, `table column`, `function`: the type that the server gives it. */
  readonly kind: string;
  /** Its identity, which is SQL: `sales.orders`, `touch on crm.customers`. */
  readonly name: string;
  /** What A says; nothing when only B has the object. */
  readonly wanted: Aspects | undefined;
  /** What B says; nothing when only A has it. */
  readonly found: Aspects | undefined;
  /** Aspects that differ, when both have it. */
  readonly aspects: readonly string[];
}

/** What is said of other objects. */
export interface Context {
  readonly wanted: ReadonlyMap<string, Aspects>;
  readonly found: ReadonlyMap<string, Aspects>;
  /** `CREATE OR REPLACE FUNCTION ...` by identity, as A prints them. */
  readonly functions: ReadonlyMap<string, string>;
}

/** An SQL statement, or a comment: lines that begin with two minus signs. Neither ends with a semicolon. */
export type Statement = string;

const identifier = /^(?:"(?:[^"]|"")*"|[^\s."(]+)/;

/** `touch on crm.customers`: the part and the table. */
export function partAndWhole(name: string): readonly [part: string, whole: string] {
  const part = identifier.exec(name)?.[0] ?? name;
  return [part, name.slice(part.length).replace(/^ on /, "")];
}

/** `sales.orders.total`: the table and the column. */
export function tableAndColumn(name: string): readonly [table: string, column: string] {
  const column = /(?:"(?:[^"]|"")*"|[^."]+)$/.exec(name)?.[0] ?? name;
  return [name.slice(0, -column.length - 1), column];
}

type Parts = ReadonlyMap<string, readonly (readonly [part: string, aspects: Aspects])[]>;

const parts = new WeakMap<ReadonlyMap<string, Aspects>, Map<string, Parts>>();

/**
 * Columns or constraints of one table or type, by their names. All of a kind are sorted out once: of ten thousand tables
 * each would else look at the facts of all.
 */
export function partsOf(
  facts: ReadonlyMap<string, Aspects>,
  kind: "table column" | "composite type column" | "table constraint",
  whole: string,
): readonly (readonly [part: string, aspects: Aspects])[] {
  const byKind = parts.get(facts) ?? new Map<string, Parts>();
  parts.set(facts, byKind);
  const known = byKind.get(kind) ?? sortedOut(facts, kind);
  byKind.set(kind, known);
  return known.get(whole) ?? [];
}

function sortedOut(facts: ReadonlyMap<string, Aspects>, kind: string): Parts {
  const found = new Map<string, [string, Aspects][]>();
  for (const [object, aspects] of facts) {
    if (!object.startsWith(`${kind} `)) continue;
    const name = object.slice(kind.length + 1);
    const [one, other] = kind.endsWith("column") ? tableAndColumn(name).toReversed() : partAndWhole(name);
    const of = found.get(other!) ?? [];
    found.set(other!, of);
    of.push([one!, aspects]);
  }
  return found;
}

/** A statement that nobody should run unread: every line of it a comment, the reason first. */
export function commented(reason: string, statement = ""): Statement {
  return (
    [reason, ...(statement === "" ? [] : [`${statement};`])]
      // A carriage return ends a comment, too: what a hostile name has behind it would be run.
      .flatMap((text) => text.split(/\r\n|\r|\n/))
      .map((line) => `-- ${line}`)
      .join("\n")
  );
}

/** What cannot be said as a statement. */
export function toldDifference({ kind, name, wanted, found }: Change, aspect: string): Statement {
  const side = (aspects: Aspects | undefined): string => (aspects?.get(aspect) ?? "(nothing)").replaceAll(/\s+/g, " ");
  return commented(
    `${kind} ${name}: ${aspect} is to be changed by hand\n  in A: ${side(wanted)}\n  in B: ${side(found)}`,
  );
}

/** A name of a role, as the catalogue has it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}
