import type { AccountName } from "./account-name.ts";
import type { StatementText } from "./statement-text.ts";

/** A GRANT or REVOKE of privileges. */
export interface GrantText {
  readonly verb: "GRANT" | "REVOKE";
  /** `SELECT, INSERT (a)`. */
  readonly privileges: string;
  /** `*.*`, `` `db`.* ``, `` FUNCTION `db`.`f` ``. */
  readonly place: string;
  /** `*` for all. */
  readonly database: string;
  readonly object: string;
  /** On a table or routine. */
  readonly isOnObject: boolean;
  readonly grantee: AccountName;
  readonly withGrantOption: boolean;
}

const kinds = new Set(["TABLE", "FUNCTION", "PROCEDURE", "PACKAGE", "LIBRARY"]);

/** @returns undefined for everything else: roles, proxies */
export function readGrantText(statement: StatementText): GrantText | undefined {
  const verb = statement.word(0);
  if ((verb !== "GRANT" && verb !== "REVOKE") || statement.word(1) === "PROXY") return undefined;
  const on = statement.find(1, "ON");
  if (on < 0) return undefined;
  let at = on + 1;
  if (kinds.has(statement.word(at)) && statement.word(at + 1) !== ".") {
    at += statement.has(at, "PACKAGE", "BODY") ? 2 : 1;
  }
  const placed = at;
  const { database, object, next } = placeAt(statement, placed);
  const way = verb === "GRANT" ? "TO" : "FROM";
  if (statement.word(next) !== way) return undefined;
  const { account: grantee, next: behind } = statement.account(next + 1);
  return {
    verb,
    privileges: statement.between(1, on),
    place: statement.between(on + 1, next),
    database,
    object,
    isOnObject: object !== "*",
    grantee,
    withGrantOption: statement.find(behind, "GRANT", "OPTION") >= 0,
  };
}

/** `*.*`: signs one by one; `` `db`.* `` and `` `db`.`t` ``: a dot is a word of its own between quoted names. */
function placeAt(statement: StatementText, at: number): { database: string; object: string; next: number } {
  const database = statement.value(at);
  const isDot = statement.word(at + 1) === ".";
  return { database, object: isDot ? statement.value(at + 2) : "", next: at + (isDot ? 3 : 1) };
}
