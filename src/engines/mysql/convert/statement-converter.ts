import { nearestCollation } from "./collations.ts";
import type { ConversionTarget } from "./conversion-target.ts";
import { type Converted, convertCollations, convertTable } from "./convert-table.ts";
import { nameOf, piecesOf, standsAt, textOf, withoutConditions, wordOf } from "./sql-pieces.ts";

/** Statements that say something of what the server may not know. */
const concerned = /^(?:CREATE|ALTER|DROP|SET|DO|ANALYZE)\b/i;
/** Objects that not every server has. */
const kinds = "(SEQUENCE|PACKAGE(?:\\s+BODY)?|LIBRARY)";
const ofOneFlavour = new RegExp(`^${kinds}$`, "i");
const create = new RegExp(
  `^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:DEFINER\\s*=\\s*\\S+\\s+)?${kinds}\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(\`(?:[^\`]|\`\`)+\`|\\S+)`,
  "i",
);
const histogram = /^ANALYZE\s+TABLE\s+(`(?:[^`]|``)+`)\s+UPDATE\s+HISTOGRAM\s+ON\s+(`(?:[^`]|``)+`)\s+(USING\s+DATA)?/i;
const drop = new RegExp(`^DROP\\s+${kinds}\\b`, "i");

/** Makes the statements of a script fit a server. Of those that it leaves out it keeps which tables they would have made. */
export class StatementConverter {
  readonly #target: ConversionTarget;
  /** Names as they stand in statements. */
  readonly #leftOut = new Set<string>();

  constructor(target: ConversionTarget) {
    this.#target = target;
  }

  /** Dates, times, decimals and bytes within JSON stay so; else rows are to go through `TypedJsonAsText`. */
  get keepsTypesInJson(): boolean {
    return this.#target.typesInJson || this.#target.source === "mariadb";
  }

  /** Whether old versions of rows can come in. */
  get insertsHistory(): boolean {
    return this.#target.insertsHistory;
  }

  /** Whether the server has such objects. @param kind `SEQUENCE`, `PACKAGE`, ... */
  hasKind(kind: string): boolean {
    return !ofOneFlavour.test(kind) || this.#has(kind);
  }

  /** Rows of it have nowhere to go. */
  isLeftOut(table: string): boolean {
    return this.#leftOut.has(table);
  }

  /**
   * @param head how the statement begins, without the openers of conditional comments; a binary string as `text`
   * @returns undefined when it can stay as it is
   */
  convert(head: string, text: string): Converted | undefined {
    if (!concerned.test(head)) return undefined;
    const converted = this.#converted(head, text);
    const { changes, impossible } = converted;
    if (converted.isPointless === true) return { ...converted, changes: changes.map(shown) };
    if (changes.length === 0 && impossible === undefined) return undefined;
    return {
      text: converted.text,
      changes: changes.map(shown),
      ...(impossible === undefined ? {} : { impossible: shown(impossible) }),
    };
  }

  #converted(head: string, text: string): Converted {
    if (/^CREATE\s+(?:OR\s+REPLACE\s+)?TABLE\b/i.test(head)) {
      const converted = convertTable(text, this.#target);
      if (converted.impossible !== undefined) this.#leaveOut(text);
      return converted;
    }
    if (/^SET\b/i.test(head)) return this.#setting(text);
    if (/^(?:CREATE|ALTER)\s+(?:DATABASE|SCHEMA)\b/i.test(head)) return this.#database(text);
    const dropped = drop.exec(head)?.[1];
    if (dropped !== undefined && !this.#has(dropped)) return { text, changes: [], isPointless: true };
    const [, kind, name = ""] = create.exec(head) ?? [];
    if (kind !== undefined && !this.#has(kind)) {
      return {
        text,
        changes: [],
        impossible: `${kind.toLowerCase()} "${name.replaceAll("`", "")}": the server has none`,
      };
    }
    const [, table, column, data] = histogram.exec(head) ?? [];
    if (table !== undefined && !this.#target[data === undefined ? "histograms" : "histogramData"]) {
      const change = `table "${unquoted(table)}", column "${unquoted(column!)}": the histogram is left out`;
      return { text, changes: [change], isPointless: true };
    }
    if (/^DO\s+SETVAL\b/i.test(head) && !this.#target.sequences) return { text, changes: [], isPointless: true };
    return { text, changes: [] };
  }

  #has(kind: string): boolean {
    const { sequences, flavour, source } = this.#target;
    return kind.toUpperCase() === "SEQUENCE" ? sequences : flavour === source;
  }

  #database(text: string): Converted {
    const all = piecesOf(text);
    const pieces = this.#target.flavour === this.#target.source ? all : withoutConditions(all);
    const { pieces: converted, changes, impossible } = convertCollations(pieces, this.#target);
    const said = changes.map((change) => `database: ${change}`);
    return {
      text: textOf(converted),
      changes: said,
      ...(impossible === undefined ? {} : { impossible: `database: the server ${impossible}` }),
    };
  }

  /** `SET sql_mode = '...'`, `SET collation_connection = ...`, `SET NAMES ... COLLATE ...`. */
  #setting(text: string): Converted {
    if (!this.#target.insertsHistory && /\bsystem_versioning_insert_history\b/.test(text)) {
      const begins = text.includes("@dbb_end_of_time");
      return { text, changes: [], ...(begins ? { impossible: noHistory } : { isPointless: true }) };
    }
    const pieces = piecesOf(text);
    const changes: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      const before = wordOf(pieces[index - 2]);
      const isValue = wordOf(pieces[index - 1]) === "=";
      if (isValue && before === "SQL_MODE" && piece.kind === "string") {
        const words = piece.text.slice(1, -1).split(",");
        const kept = words.filter((word) => !this.#target.refusedModes.has(word.trim().toUpperCase()));
        if (kept.length === words.length) continue;
        const gone = words.filter((word) => !kept.includes(word));
        changes.push(`sql_mode: ${gone.join(", ")} is left out`);
        pieces[index] = { ...piece, text: `'${kept.join(",")}'` };
      } else if ((isValue && before === "COLLATION_CONNECTION") || standsAt(pieces, index - 1, "COLLATE")) {
        const name = nameOf(piece).replaceAll("'", "").toLowerCase();
        if (!/^[a-z]\w*_\w+$/.test(name) || this.#target.collations.has(name)) continue;
        const nearest = nearestCollation(name, this.#target.collations);
        if (nearest === undefined) continue;
        changes.push(`views and stored code: collation ${name} becomes ${nearest}`);
        pieces[index] = { ...piece, text: nearest };
      }
    }
    return changes.length === 0 ? { text, changes } : { text: textOf(pieces), changes };
  }

  #leaveOut(text: string): void {
    const name = /^[^(]*?(`(?:[^`]|``)+`)\s*\(/.exec(text)?.[1] ?? "";
    this.#leftOut.add(shown(unquoted(name)));
  }
}

/** What a script is that sets up its session for old versions of rows. */
const noHistory = "old versions of rows: the server takes none";

function unquoted(name: string): string {
  return name.slice(1, -1).replaceAll("``", "`");
}

/** Names in it are bytes of UTF-8. */
function shown(said: string): string {
  return Buffer.from(said, "latin1").toString();
}
