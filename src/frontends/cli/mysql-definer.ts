import { BackupError } from "../../core/backup-error.ts";
import type { MysqlDefiner } from "../../ports/mysql-definer.ts";
import type { OptionValues } from "./options/options.ts";

/** What `--definer` and `--skip-definer` say. @throws BackupError USAGE */
export function mysqlDefiner(options: OptionValues): MysqlDefiner {
  if (options["skip-definer"] === true) return "loader";
  const { definer } = options;
  if (definer === undefined) return "keep";
  // Names of users may hold that sign, hosts not.
  const at = definer.lastIndexOf("@");
  const user = at < 0 ? definer : definer.slice(0, at);
  const isKeyword = /^current_(?:user|role)(?:\(\))?$/i.test(definer);
  if (user === "" || isKeyword || definer.includes("\0")) {
    throw new BackupError({
      code: "USAGE",
      message: `"--definer ${definer}" names no account`,
      hint: isKeyword ? "--skip-definer leaves it to who loads them" : "write USER@HOST, or the name of a role",
    });
  }
  return at < 0 ? { user } : { user, host: definer.slice(at + 1) };
}
