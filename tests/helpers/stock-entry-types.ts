import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { stock } from "./stock-tools.ts";

/** Texts of pg_dump in capitals that are something else than the type of an entry. */
const OTHER_TEXTS: ReadonlySet<string> = new Set(
  [
    // Words of statements.
    "ALL|ALTER SYSTEM|ALTER TABLE|ALTER TABLE IF EXISTS|BEGIN|BY DEFAULT|COMMIT|CONNECT|CREATE|CREATE OR REPLACE VIEW",
    "DISABLE|DROP CONSTRAINT|ENABLE|ENABLE ALWAYS|ENABLE REPLICA|EXECUTE|EXTENDED|EXTERNAL|MAINTAIN|NONE|PLAIN|PRIMARY KEY",
    "PUBLIC|REFERENCES|TEMPORARY|TRUNCATE|UNIQUE|UNLOGGED|USAGE|VALUES|WITH INOUT|WITHOUT FUNCTION|SELECT|UNION|UNION ALL",
    "INSERT|UPDATE|DELETE|NULL",
    // What privileges, comments and owners may be of.
    "FOREIGN SERVER|FUNCTIONS|LARGE OBJECT|LARGE OBJECTS|PARAMETER|PROCEDURES|ROLE|SCHEMAS|SEQUENCES|TABLES|TABLESPACE|TYPES",
    // Types of entries in archives of former versions, which are read only.
    "ACL LANGUAGE|BLOB|BLOB COMMENTS",
    // Formats, and what is no SQL.
    "CUSTOM|DIRECTORY|TAR|UNKNOWN|WARNING|PGDMP|HOME|PGLOCALEDIR|PGSYSCONFDIR|EHOSTDOWN",
  ].flatMap((line) => line.split("|")),
);

/** Stored as the end of a longer text that is not in capitals, so that it cannot be told from other words. */
const HIDDEN = ["DOMAIN"];

/**
 * The types of entries that stock pg_dump 18 can write, out of the program itself: all its texts in capitals, and their
 * ends (a linker stores "VIEW" as the end of "MATERIALIZED VIEW"), but for those that are known to be something else. A type
 * that is new in pg_dump is in the answer, so that tests fail until the zoo holds one.
 */
export async function stockEntryTypes(): Promise<string[]> {
  const texts = new Set(constantTexts(await readFile(await programFile())));
  const types = new Set<string>();
  for (const text of texts) {
    if (!/^[A-Z]{2,}(?: [A-Z]{2,})*$/.test(text) || text.length < 3 || text in constants.errno) continue;
    if (!OTHER_TEXTS.has(text)) types.add(text);
    for (const end of endsOf(text)) if (KNOWN_ENDS.has(end)) types.add(end);
  }
  for (const type of HIDDEN) if ([...texts].some((text) => text.endsWith(` ${type}`))) types.add(type);
  return [...types].toSorted();
}

/** Types that are the ends of other texts. All other ends are no types. */
const KNOWN_ENDS: ReadonlySet<string> = new Set(
  "ACL|CONSTRAINT|DEFAULT|FUNCTION|INDEX|OPERATOR|SCHEMA|SEQUENCE|SERVER|STATISTICS|TABLE|TRIGGER|TYPE|VIEW".split("|"),
);

function endsOf(text: string): string[] {
  const words = text.split(" ");
  return words.slice(1).map((_, at) => words.slice(at + 1).join(" "));
}

/** The program behind the script that starts it. */
async function programFile(): Promise<string> {
  const path = await stock(18).path("pg_dump");
  const wrapped = join(path, "..", "..", "programs", "pg_dump");
  return await readFile(wrapped).then(
    () => wrapped,
    () => path,
  );
}

/** What lies between zero bytes in the read-only sections of an ELF file of 64 bits, least significant byte first. */
function constantTexts(program: Buffer): string[] {
  if (program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1) {
    throw new Error("pg_dump is no ELF file that this can read");
  }
  const start = Number(program.readBigUInt64LE(0x28));
  const size = program.readUInt16LE(0x3a);
  const sections = Array.from({ length: program.readUInt16LE(0x3c) }, (_, index) => {
    const at = start + index * size;
    const offset = Number(program.readBigUInt64LE(at + 0x18));
    return { name: program.readUInt32LE(at), offset, end: offset + Number(program.readBigUInt64LE(at + 0x20)) };
  });
  const names = sections[program.readUInt16LE(0x3e)]!;
  return sections.flatMap(({ name, offset, end }) => {
    const isConstant = program.toString("latin1", names.offset + name, names.offset + name + 7) === ".rodata";
    return isConstant ? program.toString("latin1", offset, end).split("\0") : [];
  });
}
