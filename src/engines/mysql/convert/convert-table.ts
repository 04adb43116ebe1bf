import { nearestCollation } from "./collations.ts";
import type { ConversionTarget } from "./conversion-target.ts";
import {
  behindBracket,
  findWords,
  nameOf,
  type Piece,
  piecesOf,
  replaced,
  standsAt,
  textOf,
  withoutConditions,
  wordOf,
} from "./sql-pieces.ts";

/** What became of a statement. */
export interface Converted {
  readonly text: string;
  /** What was changed, for people; empty: nothing. */
  readonly changes: readonly string[];
  /** Why the server cannot have it at all. */
  readonly impossible?: string;
  /** It is not to be run: it is about something that was left out before, or the changes tell what is lost. */
  readonly isPointless?: true;
}

/** Makes a CREATE TABLE fit a server. Pure. @param text as SHOW CREATE TABLE writes it: names are quoted */
export function convertTable(text: string, target: ConversionTarget): Converted {
  const all = piecesOf(text);
  const pieces = target.flavour === target.source ? all : withoutConditions(all);
  const open = findWords(pieces, 0, "(");
  // LIKE and SELECT define nothing here.
  if (open < 0) return { text, changes: [] };
  const end = behindBracket(pieces, open);
  const converter = new TableConverter(nameOf(pieces[open - 1]), target);
  const definitions = partsOf(pieces.slice(open + 1, end - 1)).flatMap((part) => converter.definition(part));
  const options = converter.options(pieces.slice(end));
  if (converter.impossible !== undefined) return { text, changes: [], impossible: converter.impossible };
  if (converter.changes.length === 0) return { text, changes: [] };
  const head = textOf(pieces.slice(0, open + 1));
  return { text: `${head}${definitions.map(textOf).join(",")}\n)${textOf(options)}`, changes: converter.changes };
}

/** Between commas that stand in no brackets. */
function partsOf(pieces: readonly Piece[]): Piece[][] {
  const parts: Piece[][] = [[]];
  let depth = 0;
  for (const piece of pieces) {
    const word = wordOf(piece);
    if (word === "(") depth++;
    if (word === ")") depth--;
    if (word === "," && depth === 0) parts.push([]);
    else parts.at(-1)!.push(piece);
  }
  return parts;
}

/** A column that text is compared with as bytes of ASCII. */
const ascii = "CHARACTER SET ascii COLLATE ascii_general_ci";
/** Types of one flavour alone, as others hold their text. */
const typesAsText: ReadonlyMap<string, string> = new Map([
  ["uuid", `char(36) ${ascii}`],
  ["inet4", `varchar(15) ${ascii}`],
  ["inet6", `varchar(45) ${ascii}`],
]);
/** Types whose defaults MySQL wants in brackets. */
const withoutLiteralDefaults = /^(?:tiny|medium|long)?(?:text|blob)$|^json$|^geometry$|^point$/;
const nowWords = new Set(["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"]);
/** Functions of MySQL that MariaDB does not have. */
const functionsOfMysql = ["UUID_TO_BIN", "BIN_TO_UUID", "JSON_TABLE", "ST_LATFROMGEOHASH", "REGEXP_LIKE"];

class TableConverter {
  readonly changes: string[] = [];
  impossible: string | undefined;
  readonly #table: string;
  readonly #target: ConversionTarget;

  constructor(table: string, target: ConversionTarget) {
    this.#table = table;
    this.#target = target;
  }

  /** The same, changed, or nothing. */
  definition(pieces: readonly Piece[]): Piece[][] {
    if (pieces[0]?.kind === "name") return [this.#column(pieces)];
    const kept = this.#other(pieces);
    return kept === undefined ? [] : [kept];
  }

  #column(definition: readonly Piece[]): Piece[] {
    const name = nameOf(definition[0]);
    const say = (what: string): void => void this.changes.push(`table "${this.#table}", column "${name}": ${what}`);
    let pieces = this.#collated(definition, say);
    const type = wordOf(pieces[1]).toLowerCase();
    pieces = this.#typed(pieces, type, say);
    if (this.#isForOther) {
      pieces =
        this.#target.flavour === "mysql" ? this.#columnOfMariadb(pieces, type, say) : this.#columnOfMysql(pieces, say);
    }
    return pieces;
  }

  get #isForOther(): boolean {
    return this.#target.flavour !== this.#target.source;
  }

  #typed(pieces: Piece[], type: string, say: (what: string) => void): Piece[] {
    const { types } = this.#target;
    const text = typesAsText.get(type);
    if (text !== undefined && !types.has(type)) {
      say(`${type} becomes ${text.split(" ", 1)[0]}`);
      return replaced(pieces, 1, 2, text);
    }
    if (type === "geomcollection" && !types.has(type)) {
      say("geomcollection is called geometrycollection");
      return replaced(pieces, 1, 2, "geometrycollection");
    }
    if ((type === "vector" || type === "json") && !types.has(type)) this.#cannot(`has no type ${type}`, pieces);
    if (type === "json" && this.#isForOther && this.#target.flavour === "mariadb") {
      say("json becomes longtext with a check of its contents");
    }
    return pieces;
  }

  #columnOfMariadb(given: Piece[], type: string, say: (what: string) => void): Piece[] {
    let pieces = given;
    const compressed = findWords(pieces, 2, "COMPRESSED");
    if (compressed >= 0) {
      say("is not compressed by itself");
      pieces = replaced(pieces, compressed, compressed + 1);
    }
    const unversioned = findWords(pieces, 2, "WITHOUT", "SYSTEM", "VERSIONING");
    if (unversioned >= 0) pieces = replaced(pieces, unversioned, unversioned + 3);
    if (findWords(pieces, 2, "AS", "ROW") >= 0) this.#cannot("keeps no old versions of rows", pieces);
    const at = findWords(pieces, 2, "DEFAULT");
    if (at < 0) return pieces;
    const value = pieces[at + 1];
    const isCall = wordOf(pieces[at + 2]) === "(" && value?.kind === "word" && !nowWords.has(wordOf(value));
    if (["NEXTVAL", "NEXT", "LASTVAL"].includes(wordOf(value))) this.#cannot("has no sequences", pieces);
    const isLiteral = value?.kind === "string" && withoutLiteralDefaults.test(type);
    if (!isCall && !isLiteral) return pieces;
    const end = isCall ? behindBracket(pieces, at + 2) : at + 2;
    const expression = textOf(pieces.slice(at + 1, end)).trim();
    // Only how it is written is another.
    say(`the default ${expression} stands in brackets`);
    return replaced(pieces, at + 1, end, `(${expression})`);
  }

  #columnOfMysql(given: Piece[], say: (what: string) => void): Piece[] {
    let pieces = given;
    const drop = (what: string, ...words: readonly string[]): void => {
      const at = findWords(pieces, 2, ...words);
      if (at < 0) return;
      say(what);
      pieces = replaced(
        pieces,
        at,
        at + words.length + (words.at(-1) === "SRID" || words[0] === "COLUMN_FORMAT" || words[0] === "STORAGE" ? 1 : 0),
      );
    };
    drop("is bound to no spatial reference system", "SRID");
    drop("COLUMN_FORMAT is left out", "COLUMN_FORMAT");
    drop("STORAGE is left out", "STORAGE");
    if (findWords(pieces, 2, "GENERATED", "ALWAYS", "AS") >= 0)
      drop("is generated, and so NOT NULL is left out", "NOT", "NULL");
    const unknown = functionsOfMysql.find((name) => findWords(pieces, 2, name, "(") >= 0);
    if (unknown !== undefined) this.#cannot(`has no function ${unknown.toLowerCase()}`, pieces);
    return pieces;
  }

  /** A key, a constraint or a period. */
  #other(given: readonly Piece[]): Piece[] | undefined {
    const { flavour, ignoredIndexes } = this.#target;
    let pieces = [...given];
    const label = nameOf(pieces.find(({ kind }) => kind === "name"));
    const say = (what: string): void => void this.changes.push(`table "${this.#table}", ${what}`);
    if (!this.#isForOther) {
      const ignored = findWords(pieces, 0, "IGNORED");
      if (ignored < 0 || ignoredIndexes || flavour !== "mariadb") return pieces;
      say(`index "${label}": is not ignored`);
      return replaced(pieces, ignored, ignored + 1);
    }
    if (flavour === "mysql") {
      if (standsAt(pieces, 0, "PERIOD") || findWords(pieces, 0, "WITHOUT", "OVERLAPS") >= 0)
        this.#cannot("has no periods", pieces);
      if (standsAt(pieces, 0, "VECTOR")) {
        say(`index "${label}": is left out, for there are no vector indexes`);
        return undefined;
      }
      const hash = findWords(pieces, 0, "USING", "HASH");
      if (standsAt(pieces, 0, "UNIQUE") && hash >= 0) {
        say(`index "${label}": is left out, for there are no unique indexes of whole texts`);
        return undefined;
      }
      const ignored = findWords(pieces, 0, "IGNORED");
      if (ignored >= 0) {
        say(`index "${label}": IGNORED is called INVISIBLE`);
        pieces = replaced(pieces, ignored, ignored + 1, "INVISIBLE");
      }
      return pieces;
    }
    const list = findWords(pieces, 0, "(");
    const isKey = ["KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY"].includes(wordOf(pieces[0]));
    if (isKey && hasExpression(pieces, list)) {
      say(`index "${label}": is left out, for there are no indexes of expressions`);
      return undefined;
    }
    const notEnforced = findWords(pieces, 0, "NOT", "ENFORCED");
    if (notEnforced >= 0) {
      say(`constraint "${label}": is left out, for it would be enforced`);
      return undefined;
    }
    const parser = findWords(pieces, 0, "WITH", "PARSER");
    if (parser >= 0) {
      say(`index "${label}": has the usual parser instead of ${nameOf(pieces[parser + 2])}`);
      pieces = replaced(pieces, parser, parser + 3);
    }
    const invisible = isKey ? findWords(pieces, list, "INVISIBLE") : -1;
    if (invisible >= 0) {
      say(`index "${label}": ${ignoredIndexes ? "INVISIBLE is called IGNORED" : "is visible"}`);
      pieces = replaced(pieces, invisible, invisible + 1, ignoredIndexes ? "IGNORED" : "");
    }
    return pieces;
  }

  /** What stands behind the definitions, partitions with it. */
  options(given: readonly Piece[]): Piece[] {
    const say = (what: string): void => void this.changes.push(`table "${this.#table}": ${what}`);
    let pieces = this.#collated(given, say);
    const { engines, flavour, partitionsOfOtherEngines } = this.#target;
    const engine = findWords(pieces, 0, "ENGINE", "=");
    const name = wordOf(pieces[engine + 2]);
    if (engine >= 0) {
      const isPartitioned = findWords(pieces, 0, "PARTITION", "BY") >= 0;
      const isRefused =
        isPartitioned && !partitionsOfOtherEngines && ["MYISAM", "MEMORY", "ARCHIVE", "CSV"].includes(name);
      if (!engines.has(name) || isRefused) {
        if (!heldByInnodb.has(name)) this.#cannot(`has no engine ${pieces[engine + 2]!.text}`, pieces);
        else say(`engine ${pieces[engine + 2]!.text} becomes InnoDB`);
        pieces = pieces.map((piece, index) =>
          standsAt(pieces, index - 2, "ENGINE", "=") ? { ...piece, text: "InnoDB" } : piece,
        );
        if (isRefused || name === "ARIA" || name === "MYISAM") pieces = withoutOption(pieces, "ROW_FORMAT");
      }
    }
    if (!this.#isForOther) return pieces;
    const foreign = flavour === "mysql" ? optionsOfMariadb : optionsOfMysql;
    for (const option of foreign) {
      const without = withoutOption(pieces, option);
      if (without.length === pieces.length) continue;
      say(`option ${option} is left out`);
      pieces = without;
    }
    const versioned = findWords(pieces, 0, "WITH", "SYSTEM", "VERSIONING");
    if (versioned >= 0 && flavour === "mysql") {
      if (findWords(pieces, 0, "SYSTEM_TIME") >= 0) this.#cannot("keeps no old versions of rows in partitions", pieces);
      say("keeps no old versions of its rows");
      pieces = replaced(pieces, versioned, versioned + 3);
    }
    return pieces;
  }

  /** Collations that are not known become others; a character set that is not known cannot become another. */
  #collated(given: readonly Piece[], say: (what: string) => void): Piece[] {
    const { pieces, changes, impossible } = convertCollations(given, this.#target);
    for (const change of changes) say(change);
    if (impossible !== undefined) this.#cannot(impossible, pieces);
    return pieces;
  }

  #cannot(why: string, pieces: readonly Piece[]): void {
    const name = pieces[0]?.kind === "name" ? `, column "${nameOf(pieces[0])}"` : "";
    this.impossible ??= `table "${this.#table}"${name}: the server ${why}`;
  }
}

/** Engines whose tables InnoDB can hold as well. */
const heldByInnodb = new Set(["ARIA", "MYISAM", "ARCHIVE", "ROCKSDB", "TOKUDB", "XTRADB"]);
const optionsOfMariadb = [
  "PAGE_CHECKSUM",
  "TRANSACTIONAL",
  "PAGE_COMPRESSED",
  "PAGE_COMPRESSION_LEVEL",
  "ENCRYPTED",
  "ENCRYPTION_KEY_ID",
  "IETF_QUOTES",
  "SEQUENCE",
];
const optionsOfMysql = [
  "COMPRESSION",
  "ENCRYPTION",
  "AUTOEXTEND_SIZE",
  "ENGINE_ATTRIBUTE",
  "SECONDARY_ENGINE_ATTRIBUTE",
  "SECONDARY_ENGINE",
  "TABLESPACE",
];

/** `NAME=value` and `NAME value`; MariaDB quotes the names of some. */
function withoutOption(pieces: Piece[], name: string): Piece[] {
  const at = pieces.findIndex(
    (piece) => wordOf(piece) === name || (piece.kind === "name" && nameOf(piece).toUpperCase() === name),
  );
  if (at < 0) return pieces;
  return replaced(pieces, at, at + (wordOf(pieces[at + 1]) === "=" ? 3 : 2));
}

/** Other than a column with the length that counts. */
function hasExpression(pieces: readonly Piece[], list: number): boolean {
  const end = behindBracket(pieces, list);
  for (let index = list + 1; index < end; index++) {
    const before = wordOf(pieces[index - 1]);
    if (wordOf(pieces[index]) === "(" && (before === "(" || before === ",")) return true;
  }
  return false;
}

/** `COLLATE name`, `COLLATE=name`, and character sets. */
export function convertCollations(
  given: readonly Piece[],
  { collations, characterSets }: ConversionTarget,
): { readonly pieces: Piece[]; readonly changes: string[]; readonly impossible?: string } {
  const pieces = [...given];
  const changes: string[] = [];
  let impossible: string | undefined;
  for (let index = 0; index < pieces.length; index++) {
    const word = wordOf(pieces[index]);
    const at = wordOf(pieces[index + 1]) === "=" ? index + 2 : index + 1;
    const name = nameOf(pieces[at]).replaceAll(/^['"]|['"]$/g, "");
    if (word === "COLLATE" && !collations.has(name.toLowerCase())) {
      const nearest = nearestCollation(name, collations);
      if (nearest === undefined) impossible ??= `knows no collation like ${name}`;
      else {
        changes.push(`collation ${name} becomes ${nearest}`);
        pieces[at] = { ...pieces[at]!, text: nearest };
      }
    }
    const isCharset = word === "CHARSET" || (word === "SET" && /^(?:CHARACTER|CHAR)$/.test(wordOf(pieces[index - 1])));
    if (isCharset && !characterSets.has(name.toLowerCase())) impossible ??= `knows no character set ${name}`;
  }
  return { pieces, changes, ...(impossible === undefined ? {} : { impossible }) };
}
