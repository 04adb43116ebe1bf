import { BackupError } from "../../../core/backup-error.ts";
import { ScriptReader } from "../script/read-script.ts";
import { type AccountStatement, readAccountStatement } from "./account-statement.ts";

export interface AccountsOfScript {
  readonly statements: readonly AccountStatement[];
  /** Of the server that the accounts are of: `10.11.6-MariaDB`. */
  readonly serverVersion: string;
}

/** What our scripts set; a restore does it by itself. */
const settings = /^SET (?:NAMES utf8mb4|SESSION sql_mode = '(?:NO_AUTO_CREATE_USER)?')$/;

/**
 * Reads a script of accounts of ours.
 * @throws BackupError DAMAGED for a script that ends too early, FOREIGN_FILE for a statement that none such script holds
 */
export async function readAccountsScript(source: AsyncIterable<Uint8Array>): Promise<AccountsOfScript> {
  await using reader = new ScriptReader(source);
  const statements: AccountStatement[] = [];
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind !== "statement") throw refuse(item.line);
    const text = item.text.toString();
    if (settings.test(text)) continue;
    const statement = readAccountStatement(text);
    if (statement === undefined) throw refuse(item.line);
    statements.push(statement);
  }
  if (!reader.ends.isDump) throw refuse(1);
  if (!reader.ends.isCompleted) {
    throw new BackupError({
      code: "DAMAGED",
      message: "the script of accounts is cut off: its last line is missing",
      hint: "restore it from a copy of the backup",
    });
  }
  return { statements, serverVersion: reader.ends.serverVersion ?? "" };
}

function refuse(line: number): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script of accounts begins something that dbbackup does not write there`,
    hint: "only accounts and their rights are restored from it; use the stock client if you trust this one",
  });
}
