/** A CREATE TABLE, and what can be made when the rows are in. All texts are binary strings: each character is a byte. */
export interface SplitTable {
  /** The table without what follows. */
  readonly create: string;
  /** ALTER TABLE statements that add secondary indexes, in their order. */
  readonly indexes: readonly string[];
  /** The ALTER TABLE that adds foreign keys, when all tables have their rows and indexes. */
  readonly foreignKeys: string | undefined;
}

/** How an index begins. Indexes of vectors are built by inserting, in an ALTER TABLE too, so nothing is gained by waiting. */
const index = /^(?:(UNIQUE|FULLTEXT|SPATIAL) )?KEY /;
const foreignKey = /^(?:CONSTRAINT `(?:[^`]|``)*` )?FOREIGN KEY /;
/** `CREATE TABLE `a` (`, as SHOW CREATE TABLE says it. */
const head = /^CREATE TABLE (?:IF NOT EXISTS )?(`(?:[^`]|``)+`) \(/;
/** Only InnoDB sorts an index that is added faster than it grows with the rows. */
const innodb = /\bENGINE=InnoDB\b/i;
const versioned = /\bWITH SYSTEM VERSIONING\b/i;

/**
 * Takes a CREATE TABLE apart, as SHOW CREATE TABLE of MySQL and MariaDB writes it with every name quoted; undefined when it
 * is something else. What is added afterwards stands where it stood: servers keep indexes in an order of their own (unique
 * ones first, full text last), in each kind by age, so those that wait are the last ones of the text. Those stay that the
 * table cannot be without: the key of an AUTO_INCREMENT column, the one that rows are stored by where there is no primary
 * key, and such as an ALTER TABLE would build by copying the table: of expressions and generated columns, of whole texts
 * (`USING HASH`), without overlaps.
 * @param text a binary string
 * @param defersIndexes false: only foreign keys are taken out, as pays for small tables
 */
export function splitCreateTable(text: string, defersIndexes: boolean): SplitTable | undefined {
  const parts = createTableParts(text);
  if (parts === undefined) return undefined;
  const { start, name, elements, tail } = parts;
  const keys = elements.filter((element) => foreignKey.test(element));
  const isDeferred = deferredIndexes(elements, defersIndexes && innodb.test(tail) && !versioned.test(tail));
  const kept = elements.filter((element) => !keys.includes(element) && !isDeferred.has(element));
  if (kept.length === elements.length) return { create: text, indexes: [], foreignKeys: undefined };
  return {
    create: `${start}\n  ${kept.join(",\n  ")}\n${tail}`,
    indexes: alterations(name, [...isDeferred]),
    foreignKeys: keys.length === 0 ? undefined : alter(name, keys),
  };
}

/** The parts of a CREATE TABLE, which are its text again with commas between the elements. */
export interface CreateTableParts {
  /** Up to the opening parenthesis. */
  readonly start: string;
  /** Quoted. */
  readonly name: string;
  /** Columns, keys and constraints. */
  readonly elements: readonly string[];
  /** From the closing parenthesis on. */
  readonly tail: string;
}

/** Undefined for another statement. @param text a binary string */
export function createTableParts(text: string): CreateTableParts | undefined {
  const [start, name] = head.exec(text) ?? [];
  if (start === undefined || name === undefined) return undefined;
  const parts = elementsOf(text, start.length);
  if (parts === undefined) return undefined;
  const { elements, end } = parts;
  return { start, name, elements, tail: text.slice(end) };
}

/** One statement reads the rows once for all indexes; InnoDB adds one full-text index in a statement, or copies the table. */
function alterations(name: string, added: readonly string[]): string[] {
  const { texts = [], others = [] } = Object.groupBy(added, (element) =>
    element.startsWith("FULLTEXT ") ? "texts" : "others",
  );
  return (others.length === 0 ? [] : [others])
    .concat(texts.map((element) => [element]))
    .map((group) => alter(name, group));
}

function alter(name: string, added: readonly string[]): string {
  return `ALTER TABLE ${name}\n  ${added.map((element) => `ADD ${element}`).join(",\n  ")}`;
}

function deferredIndexes(elements: readonly string[], isWanted: boolean): Set<string> {
  const indexes = elements.filter(
    (element) => /^(?:\w+ )*KEY /.test(element) && !/^(?:PRIMARY|FOREIGN) /.test(element),
  );
  const columns = new Map(
    elements.flatMap((element) => (element.startsWith("`") ? [[columnOf(element), element]] : [])),
  );
  const hasPrimaryKey = elements.some((element) => element.startsWith("PRIMARY KEY "));
  const primary = elements.find((element) => element.startsWith("PRIMARY KEY "));
  const counted = [...columns].find(([, definition]) => /\bAUTO_INCREMENT\b/.test(outsideQuotes(definition)))?.[0];
  let needsCounted = counted !== undefined && (primary === undefined || columnsIn(primary)[0] !== counted);
  let needsCluster = !hasPrimaryKey;
  let last = isWanted ? -1 : indexes.length - 1;
  for (const [place, element] of indexes.entries()) {
    const names = columnsIn(element);
    const isCounting = needsCounted && names[0] === counted;
    const isCluster =
      needsCluster &&
      element.startsWith("UNIQUE ") &&
      names.every((column) => /\bNOT NULL\b/.test(outsideQuotes(columns.get(column) ?? "")));
    if (isCounting) needsCounted = false;
    if (isCluster) needsCluster = false;
    if (isCounting || isCluster || !canWait(element, names, columns)) last = Math.max(last, place);
  }
  return new Set(indexes.slice(last + 1));
}

function canWait(element: string, names: readonly string[], columns: ReadonlyMap<string, string>): boolean {
  const bare = outsideQuotes(element);
  // A part that is no column is an expression.
  return (
    index.test(element) &&
    !/\(\(|,\s*\(/.test(bare) &&
    !/\bUSING HASH\b|\bWITHOUT OVERLAPS\b/.test(bare) &&
    names.every((column) => !/\bGENERATED ALWAYS AS\b|\bAS \(/.test(outsideQuotes(columns.get(column) ?? "AS (")))
  );
}

function columnOf(element: string): string {
  return /^`(?:[^`]|``)*`/.exec(element)?.[0] ?? "";
}

/** Columns of an index, quoted as they are; not its name, nor what is said behind its parentheses. */
function columnsIn(element: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [token] of element.matchAll(/`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'|[()]/gs)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (depth > 0 && token.startsWith("`")) names.push(token);
    if (token === ")" && depth === 0) break;
  }
  return names;
}

/** Without names and strings, which hold anything. */
function outsideQuotes(text: string): string {
  return text.replaceAll(/`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs, "`");
}

/** Columns, keys and constraints between the parentheses; `end` is where the closing one stands. */
function elementsOf(
  text: string,
  from: number,
): { readonly elements: readonly string[]; readonly end: number } | undefined {
  const elements: string[] = [];
  let depth = 1;
  let began = from;
  // A quoted name or string, or one of the characters that count.
  const token = /`[^`]*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[(),]/gs;
  token.lastIndex = from;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const at = found.index;
    if (found[0] === "(") depth += 1;
    if (found[0] === ")") depth -= 1;
    if ((found[0] === "," && depth === 1) || depth === 0) {
      elements.push(text.slice(began, at).trim());
      began = at + 1;
    }
    if (depth === 0) return { elements, end: at };
  }
  return undefined;
}
