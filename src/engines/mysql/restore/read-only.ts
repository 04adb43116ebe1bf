import type { Finding } from "../../../ports/restore.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";

/** From this version of MariaDB on, SUPER alone does not let anybody write. */
const ownRightSince = 101_100;
const isOff = (value: string | undefined): boolean => value === undefined || /^(?:OFF|0)$/i.test(value);

/**
 * Whether a server refuses what this account would change. Which rights roles give is not seen: then it is a warning.
 * @param privileges on everything, in capitals; undefined when roles may give more than is seen
 */
export function readOnlyServer(
  { flavour, version, variables }: MysqlServerFacts,
  privileges: ReadonlySet<string> | undefined,
): Finding | undefined {
  const finding = (severity: Finding["severity"], setting: string, solution: string): Finding => ({
    code: "read-only",
    severity,
    subject: setting,
    message: `the server is read-only (${setting} = ${variables.get(setting)})`,
    solution,
  });
  if (!isOff(variables.get("innodb_read_only"))) {
    return finding("error", "innodb_read_only", "start the server without innodb_read_only, or restore on another one");
  }
  const other = "if it is a replica, restore on the server that it follows; else";
  if (!isOff(variables.get("super_read_only"))) {
    return finding("error", "super_read_only", `${other} SET GLOBAL super_read_only = 0, and read_only = 0`);
  }
  const value = variables.get("read_only");
  if (isOff(value)) return undefined;
  const exempts =
    flavour === "mysql"
      ? ["SUPER", "CONNECTION_ADMIN"]
      : ["READ_ONLY ADMIN", "READ ONLY ADMIN", ...(version < ownRightSince ? ["SUPER"] : [])];
  const isForAll = value?.toUpperCase() === "NO_LOCK_NO_ADMIN";
  if (!isForAll && ["ALL PRIVILEGES", ...exempts].some((name) => privileges?.has(name) === true)) return undefined;
  const asWhom = isForAll ? "" : `, or restore as an account with ${exempts[0]}`;
  const isUnknown = privileges === undefined && !isForAll;
  return finding(isUnknown ? "warning" : "error", "read_only", `${other} SET GLOBAL read_only = 0${asWhom}`);
}
