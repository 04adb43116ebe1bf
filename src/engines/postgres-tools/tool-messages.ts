import { BackupError } from "../../core/backup-error.ts";

/** One message of a tool, as it prints them with LC_ALL=C. */
export interface ToolMessage {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** Lines that belong to it: the server's DETAIL, the statement. */
  readonly details: readonly string[];
  readonly hint?: string;
  /** What it is about: `TABLE t`, or `line 17` of a script. */
  readonly about?: string;
}

/** More than these are counted, not kept. */
export const maxKeptMessages = 100;
/** Of one message. */
const maxKeptDetails = 20;
const maxLineLength = 2000;

const line = /^(?:pg_dump|pg_restore|psql): (?:(?<kind>error|fatal|warning|detail|hint): +)?(?<text>.*)$/;

/** What a server says of a line of a script. */
const scriptLine = /^psql:.*?:(?<line>\d+): (?<severity>[A-Z]+): +(?<text>.*)$/;
/** What pg_restore says before an error: type and name of the entry that it is about, and its owner. */
const entryLine = /^from TOC entry \d+; \d+ \d+ (?<about>.*?)(?: \S+)?$/;

/** Its last words, behind all that it went on after. */
const ignoredLine = /^errors ignored on restore: (\d+)$/;

interface Growing {
  severity: ToolMessage["severity"];
  message: string;
  details: string[];
  hint?: string;
  about?: string;
}

/** Reads the lines of a tool's standard error, one after another. */
export class ToolMessages {
  readonly messages: ToolMessage[] = [];
  readonly #onInfo: (text: string) => void;
  #last: Growing | undefined;
  #about: string | undefined;
  /** Errors, also those that are not kept. */
  errors = 0;
  /** How many of them pg_restore says that it went on after; undefined when it does not say. */
  ignoredErrors: number | undefined;
  /** The first lines of something else than the tool: a loader, a shell. */
  readonly others: string[] = [];

  /** @param onInfo what it says of its progress */
  constructor(onInfo: (text: string) => void = () => {}) {
    this.#onInfo = onInfo;
  }

  add(raw: string): void {
    const script = scriptLine.exec(raw)?.groups;
    if (script === undefined) this.#ofTool(raw);
    else this.#ofScript(script as Record<"line" | "severity" | "text", string>);
  }

  #ofTool(raw: string): void {
    const { kind, text } = line.exec(raw)?.groups ?? {};
    const shown = (text ?? raw).slice(0, maxLineLength);
    if (kind === "hint" && this.#last !== undefined) this.#last.hint = shown;
    else if (text === undefined || kind === "detail") this.#detail(shown);
    else if (kind !== undefined && kind !== "hint") this.#begin(kind === "warning" ? "warning" : "error", shown);
    else this.#info(shown);
  }

  get firstError(): ToolMessage | undefined {
    return this.messages.find(({ severity }) => severity === "error");
  }

  get warnings(): readonly ToolMessage[] {
    return this.messages.filter(({ severity }) => severity === "warning");
  }

  #ofScript({ line: at, severity, text }: Readonly<Record<"line" | "severity" | "text", string>>): void {
    this.#last = undefined;
    if (severity === "WARNING" || /^(ERROR|FATAL|PANIC)$/.test(severity)) {
      this.#about = `line ${at}`;
      this.#begin(severity === "WARNING" ? "warning" : "error", text);
    }
  }

  #begin(severity: "error" | "warning", message: string): void {
    if (severity === "error") this.errors++;
    const ignored = ignoredLine.exec(message)?.[1];
    if (ignored !== undefined) this.ignoredErrors = Number(ignored);
    const about = this.#about === undefined ? {} : { about: this.#about };
    this.#last = { severity, message: withoutServersWords(message), details: [], ...about };
    this.#about = undefined;
    if (this.messages.length < maxKeptMessages) this.messages.push(this.#last);
  }

  /** Those of tools before 12 carry no word for their severity. */
  #info(text: string): void {
    const about = entryLine.exec(text)?.groups?.["about"];
    if (about !== undefined) this.#about = about;
    else if (/^(\[|query failed|could not|server version|aborting)/.test(text)) this.#begin("error", text);
    else {
      this.#last = undefined;
      this.#onInfo(text);
    }
  }

  #detail(text: string): void {
    if (text.trim() === "") return;
    if (this.#last === undefined) {
      if (this.others.length < maxKeptDetails) this.others.push(text);
    } else if (text.startsWith("HINT: ")) this.#last.hint = text.slice(5).trim();
    else if (this.#last.details.length < maxKeptDetails) this.#last.details.push(text);
  }
}

/** `query failed: ERROR:  permission denied` without the shouting. */
function withoutServersWords(message: string): string {
  return message.replace(/\b(?:ERROR|FATAL): +/, "").replace(/\.$/, "");
}

/** The error that a tool ended with. */
export function toolFailed(tool: string, status: number, messages: ToolMessages): BackupError {
  const { firstError: first } = messages;
  const others = messages.messages.filter((message) => message.severity === "error" && message !== first);
  return new BackupError({
    code: codeOf(first?.message ?? ""),
    message: first === undefined ? `${tool} ended with ${status}, and said nothing` : `${tool}: ${first.message}`,
    details: [...(first?.details ?? messages.others), ...others.map(({ message }) => message)],
    hint: first?.hint ?? `this is what ${tool} of --engine tools says; --engine native may tell more`,
  });
}

function codeOf(message: string): "CONNECT" | "AUTH" | "CONNECTION_LOST" | "SERVER" {
  if (/authentication failed|no password supplied|pg_hba\.conf/.test(message)) return "AUTH";
  if (/^connection to (server|database)|could not connect/.test(message)) return "CONNECT";
  if (/server closed the connection|connection to server was lost|terminating connection/.test(message)) {
    return "CONNECTION_LOST";
  }
  return "SERVER";
}
