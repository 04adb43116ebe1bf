import { peekStream } from "../../../../core/peek-stream.ts";
import type { Quoting } from "../../script/script-lexer.ts";

/** Longer beginnings are run each time. */
const mostBytes = 4096;
const [lineFeed, space] = [0x0a, 0x20];

/** A script whose settings are in force already, as far as they were seen. */
export interface OpenedScript {
  readonly script: AsyncIterable<Uint8Array>;
  /** How the session reads literals where it is known. */
  readonly quoting: Quoting | undefined;
  /** Bytes of the settings that it begins with; 0 for one that begins in another way. */
  readonly settingsEnd: number;
}

/**
 * The settings that a session made last. Scripts of tables all begin with the same ones, up to the first empty line: asking
 * the server for them table by table took as many round trips as the tables.
 */
export class SessionPreamble {
  #known: { readonly settings: Buffer; readonly quoting: Quoting } | undefined;
  #read: Buffer | undefined;

  /** Puts blanks in the place of settings that are in force, so that lines and offsets stay what they are. */
  async open(stream: AsyncIterable<Uint8Array>): Promise<OpenedScript> {
    const { head, all } = await peekStream(stream, mostBytes);
    const settings = settingsOf(head);
    this.#read = settings;
    const settingsEnd = settings?.length ?? 0;
    const known = this.#known;
    if (settings === undefined || known?.settings.equals(settings) !== true) {
      this.#known = undefined;
      return { script: all, quoting: undefined, settingsEnd };
    }
    return { script: withoutSettings(all, settingsEnd), quoting: known.quoting, settingsEnd };
  }

  /** The script that was opened last was run, and changed nothing of the session behind its settings. */
  keep(quoting: Quoting): void {
    this.#known = this.#read === undefined ? undefined : { settings: this.#read, quoting };
  }

  /** Something else may have changed the session. */
  forget(): void {
    this.#known = undefined;
  }
}

/** The first line is a comment, which tells whose script it is. */
function settingsOf(head: Buffer): Buffer | undefined {
  const end = head.indexOf("\n\n");
  return head.indexOf("-- ") === 0 && end > 0 ? Buffer.from(head.subarray(0, end)) : undefined;
}

async function* withoutSettings(script: AsyncIterable<Uint8Array>, settingsEnd: number): AsyncGenerator<Uint8Array> {
  let passed = 0;
  let isFirstLine = true;
  for await (const piece of script) {
    const blanked = Buffer.from(piece);
    for (let at = 0; passed + at < settingsEnd && at < blanked.length; at++) {
      if (blanked[at] === lineFeed) isFirstLine = false;
      else if (!isFirstLine) blanked[at] = space;
    }
    passed += piece.length;
    yield blanked;
  }
}
