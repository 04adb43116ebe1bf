import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";

/** Options of the clients, by their names with minus signs, from one place. */
export interface SettingLayer {
  /** For messages: `--url`, `option file "/etc/my.cnf"`. */
  readonly source: string;
  readonly values: ReadonlyMap<string, string>;
}

/** Values of the strongest place that has one. */
export class ClientSettings {
  readonly #layers: readonly SettingLayer[];

  /** @param layers strongest first */
  constructor(layers: readonly SettingLayer[]) {
    this.#layers = layers;
  }

  find(name: string): { readonly value: string; readonly source: string } | undefined {
    for (const { source, values } of this.#layers) {
      const value = values.get(name);
      if (value !== undefined) return { value, source };
    }
    return undefined;
  }

  /** An empty value is none, as for the clients. */
  get(name: string): string | undefined {
    const value = this.find(name)?.value;
    return value === "" ? undefined : value;
  }

  /** @throws BackupError CONFIG */
  integer(name: string, min: number, max: number): number | undefined {
    const found = this.find(name);
    if (found === undefined || found.value === "") return undefined;
    const number = /^\d{1,10}$/.test(found.value) ? Number(found.value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw this.#invalid(name, `a number from ${min} to ${max}`);
  }

  /** @throws BackupError CONFIG */
  flag(name: string): boolean | undefined {
    const found = this.find(name);
    if (found === undefined) return undefined;
    if (/^(1|on|true|yes|)$/i.test(found.value)) return true;
    if (/^(0|off|false|no)$/i.test(found.value)) return false;
    throw this.#invalid(name, "1 or 0");
  }

  /** @throws BackupError CONFIG */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const found = this.find(name);
    if (found === undefined || found.value === "") return undefined;
    const wanted = found.value.toLowerCase();
    const word = words.find((one) => one.toLowerCase() === wanted);
    if (word !== undefined) return word;
    throw this.#invalid(name, words.join(", "));
  }

  #invalid(name: string, wanted: string): Error {
    const { value, source } = this.find(name)!;
    return configError(`${name} has the wrong value "${shownText(value)}" (${source})`, `use ${wanted}`);
  }
}
