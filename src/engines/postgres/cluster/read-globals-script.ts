import { BackupError } from "../../../core/backup-error.ts";
import { readScript } from "../restore/script/read-script.ts";
import { type GlobalStatement, parseGlobalStatement } from "./global-statement.ts";

const beginsGroup = /^SET\s+SESSION\s+AUTHORIZATION\b/i;
const endsGroup = /^RESET\s+SESSION\s+AUTHORIZATION\s*;$/i;

/**
 * Reads a script of globals: ours, or that of pg_dumpall --globals-only. Statements that run in another role's name come
 * together with those that say so.
 * @throws BackupError DAMAGED for a script that ends too early, FOREIGN_FILE for a statement that none such script holds
 */
export async function readGlobalsScript(source: AsyncIterable<Uint8Array>): Promise<GlobalStatement[]> {
  const statements: GlobalStatement[] = [];
  let group: string[] | undefined;
  let inGroup: GlobalStatement | undefined;
  for await (const item of readScript(source)) {
    if (item.kind === "command" && (item.command.kind === "restrict" || item.command.kind === "unrestrict")) continue;
    if (item.kind !== "statement") throw refuse(item.line);
    if (beginsGroup.test(item.sql)) {
      group = [item.sql];
      continue;
    }
    if (group !== undefined && endsGroup.test(item.sql)) {
      if (inGroup === undefined) throw refuse(item.line);
      statements.push({ ...inGroup, sql: [...group, item.sql].join("\n") });
      group = undefined;
      inGroup = undefined;
      continue;
    }
    const statement = parseGlobalStatement(item.sql);
    if (statement === undefined) throw refuse(item.line);
    if (group === undefined) statements.push(statement);
    else if (statement.kind === "of-role" || statement.kind === "of-tablespace") {
      group.push(item.sql);
      inGroup = statement;
    } else throw refuse(item.line);
  }
  if (group === undefined) return statements;
  throw new BackupError({
    code: "DAMAGED",
    message: "the script of globals does not end what it does in another role's name",
    hint: "restore it from a copy of the backup",
  });
}

function refuse(line: number): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script of globals begins something that pg_dumpall does not write there`,
    hint: "only scripts that pg_dumpall --globals-only could have written are run; use psql if you trust this one",
  });
}
