import { closeSync, openSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { BackupError } from "../core/backup-error.ts";
import { Secret } from "../core/secret.ts";

/** Longer lines are a file that somebody pasted. */
const MAX_LENGTH = 4096;

const key = { enter: "\r", lineFeed: "\n", end: "\u0004", interrupt: "\u0003", backspace: "\u007f", erase: "\b" };

/**
 * Asks for a passphrase at the terminal that the program was started from, whatever standard input is, without showing it.
 * @param times a new passphrase is asked for twice, so that nobody encrypts with a typing error
 * @param which where both an old and a new one are wanted
 * @throws BackupError USAGE without a terminal, or when the two differ; INTERRUPTED
 */
export async function askPassphrase(times: "once" | "twice", which: "" | "old " | "new " = ""): Promise<Secret> {
  using terminal = Terminal.open();
  const first = await terminal.ask(`${which}passphrase: `);
  if (times === "twice" && (await terminal.ask("the same again: ")) !== first) {
    throw new BackupError({ code: "USAGE", message: "the two passphrases differ", hint: "try again" });
  }
  return new Secret(first);
}

/** In raw mode: it neither shows what is typed nor makes signals of it. */
class Terminal implements Disposable {
  readonly #output: number;
  readonly #input: ReadStream;
  /** Typed, and not asked for yet. */
  #typed: string[] = [];
  #changed = Promise.withResolvers<void>();

  private constructor() {
    this.#output = openSync("/dev/tty", "w");
    this.#input = new ReadStream(openSync("/dev/tty", "r"));
    this.#input.setRawMode(true);
    this.#input.setEncoding("utf8");
    this.#input.on("data", (text: string) => {
      this.#typed.push(...text);
      this.#changed.resolve();
    });
  }

  /** @throws BackupError USAGE */
  static open(): Terminal {
    try {
      return new Terminal();
    } catch (cause) {
      throw new BackupError({
        code: "USAGE",
        message: "there is no terminal to ask for a passphrase",
        hint: "use --passphrase-file",
        cause,
      });
    }
  }

  /** A line, as far as it may be long. @throws BackupError INTERRUPTED */
  async ask(question: string): Promise<string> {
    writeSync(this.#output, question);
    let line: string[] = [];
    for (;;) {
      const character = await this.#next();
      if (character === key.interrupt) throw interrupted();
      if (character === key.enter || character === key.lineFeed || character === key.end) break;
      if (character === key.backspace || character === key.erase) line = line.slice(0, -1);
      else if (line.length < MAX_LENGTH) line.push(character);
    }
    writeSync(this.#output, "\n");
    return line.join("");
  }

  [Symbol.dispose](): void {
    this.#input.setRawMode(false);
    this.#input.destroy();
    closeSync(this.#output);
  }

  async #next(): Promise<string> {
    while (this.#typed.length === 0) {
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
    return this.#typed.shift()!;
  }
}

function interrupted(): BackupError {
  return new BackupError({ code: "INTERRUPTED", message: "interrupted while a passphrase was asked for" });
}
