import type { Writable } from "node:stream";
import { printable } from "../../core/printable.ts";
import { errorDocument, errorLines } from "./describe-error.ts";

export interface OutputSettings {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly logFormat: "text" | "json";
}

const LINES_AT_ONCE = 1000;

/** Where results (stdout) and everything else (stderr) go. */
export class Output {
  readonly settings: OutputSettings;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  /** Called before a line goes to stderr, so that a progress bar can get out of its way. */
  clearProgress: () => void = () => {};

  constructor(stdout: Writable, stderr: Writable, settings: OutputSettings) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.settings = settings;
  }

  /** Lines of a result for people. Nothing with `--json`. */
  print(...lines: readonly string[]): void {
    if (!this.settings.json) this.#stdout.write(`${lines.join("\n")}\n`);
  }

  /** The same of many lines, of which never all are held: whoever reads them slowly is waited for. */
  async printEach(lines: Iterable<string>): Promise<void> {
    let gathered: string[] = [];
    for (const line of lines) {
      if (gathered.push(line) < LINES_AT_ONCE) continue;
      this.print(...gathered);
      gathered = [];
      await this.#drained();
    }
    if (gathered.length > 0) this.print(...gathered);
  }

  /** Whoever has closed the other end waits for nothing any more. */
  async #drained(): Promise<void> {
    const stdout = this.#stdout;
    if (!stdout.writableNeedDrain || stdout.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ["drain", "close"]) stdout.once(event, resolve);
    await promise;
    for (const event of ["drain", "close"]) stdout.off(event, resolve);
  }

  /** The one document of `--json`. Nothing without. */
  document(value: unknown): void {
    if (this.settings.json) this.#stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** Something worth knowing that is not the result. Nothing with `--quiet`. */
  info(message: string): void {
    if (!this.settings.quiet) this.#log("info", { message }, [printable(message)]);
  }

  /** Only with `--verbose`. */
  verbose(message: string): void {
    if (this.settings.verbose) this.#log("debug", { message }, [printable(message)]);
  }

  warn(message: string, more: { readonly object?: string; readonly hint?: string } = {}): void {
    const lines = [`${this.#paint("33", "warning:")} ${printable(message)}`];
    if (more.object !== undefined) lines.push(`  object: ${printable(more.object)}`);
    if (more.hint !== undefined) lines.push(`hint: ${printable(more.hint)}`);
    this.#log("warning", { message, ...more }, lines);
  }

  /** Prints why the command failed: on stderr for people and logs, and with `--json` on stdout as the document. */
  error(error: unknown): void {
    this.logError(error);
    this.document({ error: errorDocument(error) });
  }

  /** On stderr only: one failure of several, where the command goes on. */
  logError(error: unknown): void {
    const [first, ...rest] = errorLines(error, this.settings.verbose);
    this.#log("error", errorDocument(error), [`${this.#paint("31", "error:")} ${first}`, ...rest]);
  }

  #paint(color: string, text: string): string {
    return this.settings.color ? `\u001b[1;${color}m${text}\u001b[0m` : text;
  }

  #log(level: string, fields: object, lines: readonly string[]): void {
    this.clearProgress();
    if (this.settings.logFormat === "json") {
      this.#stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...fields })}\n`);
    } else {
      this.#stderr.write(`${lines.map((line, index) => (index === 0 ? `dbbackup: ${line}` : line)).join("\n")}\n`);
    }
  }
}
