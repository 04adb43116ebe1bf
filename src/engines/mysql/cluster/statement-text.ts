import { type Token, tokensOf } from "../script/definer-clause.ts";
import type { AccountName } from "./account-name.ts";

/** A statement about accounts, word by word. Text is UTF-8, a backslash escapes in strings. */
export class StatementText {
  readonly text: string;
  readonly #bytes: Buffer;
  readonly #tokens: readonly Token[];

  constructor(text: string) {
    this.text = text;
    this.#bytes = Buffer.from(text);
    this.#tokens = [...tokensOf(this.#bytes, "utf8mb4")];
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** A word or sign in capitals; empty for what is quoted, and behind the end. */
  word(index: number): string {
    const token = this.#tokens[index];
    return token === undefined || token.kind === "quoted" ? "" : this.#textOf(token).toUpperCase();
  }

  /** Whether these words stand there. */
  has(index: number, ...words: readonly string[]): boolean {
    return words.every((word, offset) => this.word(index + offset) === word);
  }

  /** The first place of these words from `from` on; -1 when they are nowhere. */
  find(from: number, ...words: readonly string[]): number {
    for (let index = from; index < this.length; index++) if (this.has(index, ...words)) return index;
    return -1;
  }

  /** A name or string, without its quotes. */
  value(index: number): string {
    const token = this.#tokens[index];
    if (token === undefined) return "";
    const text = this.#textOf(token);
    if (token.kind !== "quoted") return text;
    const quote = text[0]!;
    const inside = text.slice(1, -1).replaceAll(quote + quote, quote);
    return quote === "'"
      ? inside.replaceAll(/\\([\s\S])/g, (_, escaped: string) => escapes[escaped] ?? escaped)
      : inside;
  }

  /** As it was written. */
  raw(index: number): string {
    const token = this.#tokens[index];
    return token === undefined ? "" : this.#textOf(token);
  }

  /** The text from one word up to another, or the end. */
  between(from: number, to: number = this.length): string {
    const first = this.#tokens[from];
    const last = this.#tokens[to - 1];
    if (first === undefined || last === undefined || to <= from) return "";
    return this.#bytes.toString("utf8", first.start, last.end);
  }

  /** The account that is named there, and the place behind it. */
  account(index: number): { readonly account: AccountName; readonly next: number } {
    const user = this.value(index);
    if (this.word(index + 1) !== "@") return { account: { user, host: undefined }, next: index + 1 };
    return { account: { user, host: this.value(index + 2) }, next: index + 3 };
  }

  /** Accounts with commas between them. */
  accounts(index: number): { readonly accounts: AccountName[]; readonly next: number } {
    const accounts: AccountName[] = [];
    for (let at = index; ; at++) {
      const { account, next } = this.account(at);
      accounts.push(account);
      at = next;
      if (this.word(at) !== ",") return { accounts, next: at };
    }
  }

  #textOf({ start, end }: Token): string {
    return this.#bytes.toString("utf8", start, end);
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", "0": "\0", Z: "\u001a" };
