import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlDefiner } from "../../../ports/mysql-definer.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { quoteName } from "../quote.ts";
import { convertText } from "./convert-text.ts";
import { findDefiner } from "./definer-clause.ts";

/** Gives the statements of views and stored code the definer that was chosen. */
export class DefinerChanger {
  readonly #definer: MysqlDefiner;
  readonly #connection: MysqlConnection;
  /** The chosen account, in the character sets that were needed. */
  readonly #accounts = new Map<string, Buffer>();

  /** @param connection asked for a name that is not ASCII in other character sets than UTF-8 */
  constructor(definer: MysqlDefiner, connection: MysqlConnection) {
    this.#definer = definer;
    this.#connection = connection;
  }

  /**
   * A statement as it was, when it names no definer or they are kept; else a changed copy.
   * @param characterSet of the text
   * @throws BackupError USAGE when that character set cannot hold the account's name
   */
  async change(text: Buffer, characterSet: string): Promise<Buffer> {
    const definer = this.#definer;
    if (definer === "keep") return text;
    const clause = findDefiner(text, characterSet);
    if (clause === undefined) return text;
    if (definer !== "loader") {
      const account = await this.#accountIn(accountText(definer), characterSet);
      return Buffer.concat([text.subarray(0, clause.account), account, text.subarray(clause.end)]);
    }
    const isFollowedBySpace = text[clause.end] === 0x20;
    return Buffer.concat([text.subarray(0, clause.start), text.subarray(clause.end + Number(isFollowedBySpace))]);
  }

  async #accountIn(account: string, characterSet: string): Promise<Buffer> {
    const known = this.#accounts.get(characterSet);
    if (known !== undefined) return known;
    const { bytes, isWhole } = await convertText(this.#connection, Buffer.from(account), characterSet);
    this.#accounts.set(characterSet, bytes);
    if (isWhole) return bytes;
    throw new BackupError({
      code: "USAGE",
      message: `the definer ${account} cannot be written in the character set ${characterSet}, in which some of the stored code is`,
      hint: "choose an account whose name has letters of ASCII only",
    });
  }
}

/** As a DEFINER clause takes it in every sql_mode. */
function accountText({ user, host }: Exclude<MysqlDefiner, string>): string {
  return host === undefined ? quoteName(user) : `${quoteName(user)}@${quoteName(host)}`;
}
