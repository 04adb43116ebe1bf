const namePattern = "(`(?:[^`]|``)+`|[0-9A-Za-z_$\\x80-\\xff]+)";
/** Comments between the first words, conditional ones included: `/*!32312 IF NOT EXISTS*\/`. */
const gap = "(?:\\s|/\\*.*?\\*/)+";
const pattern = (text: string): RegExp => new RegExp(text.replaceAll(" ", gap).replaceAll("NAME", namePattern), "is");

const patterns = {
  use: pattern("^USE NAME"),
  create: pattern("^CREATE (?:OR REPLACE )?(?:DATABASE|SCHEMA) (?:IF NOT EXISTS )?NAME"),
  drop: pattern("^DROP (?:DATABASE|SCHEMA) (?:IF EXISTS )?NAME"),
  rows: pattern(
    `^(?:INSERT|REPLACE) (?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE) )*(?:INTO )?NAME(?:${"\\s*"}\\.${"\\s*"}NAME)?`,
  ),
  loadLocal: pattern("^LOAD (?:DATA|XML) (?:(?:LOW_PRIORITY|CONCURRENT) )?LOCAL\\b"),
  gtidPurged: pattern("^SET @@GLOBAL\\.GTID_PURGED\\b"),
  noBinlog: pattern("^SET (?:@@)?(?:SESSION(?:\\.| ))?SQL_LOG_BIN\\s*=\\s*(?:0|OFF)"),
};

/** Enough of a statement to tell what it does. */
const headBytes = 4096;

/** How a statement begins, as a binary string; the openers of conditional comments around it are left out. */
export function headOf(text: Buffer): string {
  return text.toString("latin1", 0, headBytes).replace(/^(?:\/\*M?!\d{0,6}\s*|\s+)+/, "");
}

/** What a statement does that a restore must know of. Names are Unicode. */
export type StatementKind =
  | { readonly kind: "use" | "create database" | "drop database"; readonly database: string }
  /** Rows come into a table; the schema is empty when the statement does not say it. */
  | { readonly kind: "rows"; readonly schema: string; readonly table: string }
  | { readonly kind: "local file" | "gtid" | "no binary log" | "quoting" | "other" };

/** @param head as {@link headOf} answers it */
export function statementKind(head: string): StatementKind {
  const rows = /^[IR]/i.test(head) ? patterns.rows.exec(head) : null;
  if (rows !== null) {
    const [first, second] = [unquoted(rows[1]!), rows[2]];
    return second === undefined
      ? { kind: "rows", schema: "", table: first }
      : { kind: "rows", schema: first, table: unquoted(second) };
  }
  const use = patterns.use.exec(head)?.[1];
  if (use !== undefined) return { kind: "use", database: unquoted(use) };
  const create = patterns.create.exec(head)?.[1];
  if (create !== undefined) return { kind: "create database", database: unquoted(create) };
  const drop = patterns.drop.exec(head)?.[1];
  if (drop !== undefined) return { kind: "drop database", database: unquoted(drop) };
  if (patterns.loadLocal.test(head)) return { kind: "local file" };
  if (patterns.gtidPurged.test(head)) return { kind: "gtid" };
  if (patterns.noBinlog.test(head)) return { kind: "no binary log" };
  // Routines can change sql_mode, too.
  const mayChange =
    /^(?:CALL|EXECUTE)\b/i.test(head) || (/^SET\b/i.test(head) && /sql_mode|character|charset|names/i.test(head));
  return { kind: mayChange ? "quoting" : "other" };
}

function unquoted(name: string): string {
  const text = name.startsWith("`") ? name.slice(1, -1).replaceAll("``", "`") : name;
  return Buffer.from(text, "latin1").toString();
}
