import { inspect } from "node:util";

/**
 * A value that must not appear in logs, errors or metadata. Printing, joining or serialising it gives `[secret]`; only
 * `reveal()` gives the value, so every use can be found by that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
