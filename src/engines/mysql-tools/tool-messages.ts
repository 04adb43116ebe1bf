import { BackupError, type ErrorCode } from "../../core/backup-error.ts";
import type { MessageReader } from "../common/tools/run-tool.ts";

/** One message of a tool. */
export interface MysqlToolMessage {
  readonly severity: "error" | "warning";
  readonly message: string;
  /** The server's number, when it is the server's. */
  readonly number?: number;
  /** Five letters or digits. */
  readonly sqlState?: string;
  /** Of a script. */
  readonly line?: number;
  readonly statement?: string;
}

/** More than these are counted, not kept. */
const maxKeptMessages = 100;
const maxLineLength = 2000;

/** `ERROR 1062 (23000) at line 3 in file: 'x': Duplicate entry`. */
const clientError =
  /^ERROR(?: (?<number>\d+))?(?: \((?<state>\w{5})\))?(?: at line (?<line>\d+)(?: in file: '[^']*')?)?: (?<text>.*)$/;
const named = /^(?:\S*\/)?(?:mysqldump|mysql|mariadb-dump|mariadb|WARNING|Warning): ?(?<text>.*)$/;
const warning = /^(?:-- )?(?:\[?warning\]?:? ?|Deprecated program name)/i;
/** Of a message of the dump programs: `Got error: 1045: "Access denied ..." when ...`. */
const serverNumber = /(?:Got error: |Error |Couldn't execute .*?\(|^)(?<number>\d{4})(?:: |\)$)|\((?<last>\d{4})\)$/;

/** Reads the lines of a tool's standard error, one after another. */
export class MysqlToolMessages implements MessageReader {
  readonly messages: MysqlToolMessage[] = [];
  /** Errors, also those that are not kept. */
  errors = 0;
  readonly #onInfo: (text: string) => void;
  /** Clients put the statement of an error between two such lines before it. */
  #isInStatement = false;
  #statement = "";

  /** @param onInfo what it says of its progress */
  constructor(onInfo: (text: string) => void = () => {}) {
    this.#onInfo = onInfo;
  }

  add(raw: string): void {
    const text = raw.slice(0, maxLineLength).trim();
    if (/^-{14}$/.test(text)) {
      if (!this.#isInStatement) this.#statement = "";
      this.#isInStatement = !this.#isInStatement;
    } else if (this.#isInStatement) {
      this.#statement = `${this.#statement}${this.#statement === "" ? "" : "\n"}${text}`.slice(0, maxLineLength);
    } else if (text !== "") this.#read(text);
  }

  #read(text: string): void {
    if (text.startsWith("-- ") && !warning.test(text)) this.#onInfo(text.slice(3));
    else this.#keep(this.#ofClient(text) ?? ofDump(text));
  }

  #keep(message: MysqlToolMessage): void {
    if (message.severity === "error") this.errors++;
    if (this.messages.length < maxKeptMessages) this.messages.push(message);
  }

  #ofClient(text: string): MysqlToolMessage | undefined {
    const { number, state, line, text: message } = clientError.exec(text)?.groups ?? {};
    if (message === undefined) return undefined;
    const statement = this.#statement;
    this.#statement = "";
    return {
      severity: "error",
      message,
      ...(number === undefined ? {} : { number: Number(number) }),
      ...(state === undefined ? {} : { sqlState: state }),
      ...(line === undefined ? {} : { line: Number(line) }),
      ...(statement === "" ? {} : { statement }),
    };
  }

  get firstError(): MysqlToolMessage | undefined {
    return this.messages.find(({ severity }) => severity === "error");
  }

  get warnings(): readonly string[] {
    return this.messages.filter(({ severity }) => severity === "warning").map(({ message }) => message);
  }
}

function ofDump(text: string): MysqlToolMessage {
  const isWarning = /^warning:/i.test(text) || warning.test(text);
  const message = named.exec(text)?.groups?.["text"] ?? text;
  if (isWarning || warning.test(message))
    return { severity: "warning", message: message.replace(/^\[Warning\] /i, "") };
  const { number, last } = serverNumber.exec(message)?.groups ?? {};
  const found = number ?? last;
  return { severity: "error", message, ...(found === undefined ? {} : { number: Number(found) }) };
}

/** The error that a tool ended with. */
export function mysqlToolFailed(
  tool: string,
  status: number,
  { messages, firstError }: MysqlToolMessages,
): BackupError {
  const others = messages.filter((message) => message.severity === "error" && message !== firstError);
  const at = firstError?.line === undefined ? "" : ` (line ${firstError.line})`;
  return new BackupError({
    code: codeOf(firstError),
    message:
      firstError === undefined
        ? `${tool} ended with ${status}, and said nothing`
        : `${tool}: ${firstError.message.replace(/\.$/, "")}${at}`,
    details: others.map(({ message }) => message),
    hint: `this is what ${tool} of --engine tools says; --engine native may tell more`,
  });
}

const denied = new Set([1044, 1045, 1130, 1142, 1143, 1227, 1370, 1410]);
/** Refused, unknown host, no socket, TLS. */
const unreachable = new Set([2002, 2003, 2005, 2026]);
const lost = new Set([2006, 2013, 2055, 1053, 1317, 1927]);

function codeOf(message: MysqlToolMessage | undefined): ErrorCode {
  const number = message?.number ?? 0;
  if (denied.has(number)) return "AUTH";
  if (unreachable.has(number)) return "CONNECT";
  return lost.has(number) ? "CONNECTION_LOST" : "SERVER";
}
