import { BackupError, type ErrorCode } from "../../core/backup-error.ts";
import { shownText, textForPeople } from "../net/shown-text.ts";
import { errorHint } from "./error-hints.ts";
import { PacketReader } from "./packets/packet-reader.ts";

/** What an ERR packet says. */
export interface ServerFault {
  /** 1045, 1412, ... */
  readonly number: number;
  readonly sqlState: string;
  readonly message: string;
}

/** @param packet begins with 0xff */
export function readServerFault(packet: Buffer): ServerFault {
  const reader = new PacketReader(packet);
  reader.skip(1);
  const number = reader.uint(2);
  const rest = reader.rest();
  // Before the login is agreed upon there is no SQLSTATE.
  const hasState = rest[0] === 0x23 && rest.length >= 6;
  return {
    number,
    sqlState: hasState ? rest.toString("latin1", 1, 6) : "HY000",
    message: shownText(textForPeople(hasState ? rest.subarray(6) : rest)),
  };
}

/** An error that a MySQL or MariaDB server answered. */
export class MysqlServerError extends BackupError {
  readonly number: number;
  readonly fault: ServerFault;

  constructor(
    fault: ServerFault,
    options: { readonly code?: ErrorCode; readonly doing?: string; readonly hint?: string } = {},
  ) {
    const hint = options.hint ?? errorHint(fault.number);
    const circumstance = options.doing === undefined ? "" : ` while ${options.doing}`;
    super({
      code: options.code ?? (fault.sqlState.startsWith("28") ? "AUTH" : "SERVER"),
      message: `error ${fault.number} (${fault.sqlState}) from the server${circumstance}: ${fault.message}`,
      sqlState: fault.sqlState,
      retry: mayPass(fault.number) ? "maybe" : "never",
      ...(hint === undefined ? {} : { hint }),
    });
    this.name = "MysqlServerError";
    this.number = fault.number;
    this.fault = fault;
  }
}

/** Why a login failed that has nothing to do with who we are. */
const otherThanAccount: Readonly<Record<number, ErrorCode>> = {
  1040: "CONNECT",
  1049: "NOT_FOUND",
  1053: "CONNECT",
  1129: "CONNECT",
  1130: "CONNECT",
  1203: "CONNECT",
  1226: "CONNECT",
};

/** What a server answered to a login. */
export function loginError(fault: ServerFault): MysqlServerError {
  return new MysqlServerError(fault, { code: otherThanAccount[fault.number] ?? "AUTH", doing: "logging in" });
}

/** Too many connections, lock wait timeout, deadlock, shutdown, lost connection, killed. */
const passing = new Set([1040, 1053, 1203, 1205, 1213, 1226, 1317, 1927]);

function mayPass(number: number): boolean {
  return passing.has(number);
}
