import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import { findKeyword } from "./keywords.ts";

/** Settings from one source: keyword -> value. */
export interface SettingLayer {
  /** For messages: `--url`, `service file "/etc/pg_service.conf"`, `environment`. */
  readonly source: string;
  readonly values: ReadonlyMap<string, string>;
}

/** A value with where it came from. */
export interface Setting {
  readonly keyword: string;
  readonly value: string;
  readonly source: string;
}

/**
 * Settings in layers, the strongest first. A layer that gives an empty value hides the weaker ones: as with libpq, an
 * empty value means the default.
 */
export class SettingLayers {
  readonly #layers: readonly SettingLayer[];

  constructor(layers: readonly SettingLayer[]) {
    this.#layers = layers;
  }

  find(keyword: string): Setting | undefined {
    for (const { source, values } of this.#layers) {
      const value = values.get(keyword);
      if (value !== undefined) return value === "" ? undefined : { keyword, value, source };
    }
    return undefined;
  }

  get(keyword: string): string | undefined {
    return this.find(keyword)?.value;
  }

  /** The value, which must be one of `choices`. */
  choice<Choice extends string>(keyword: string, choices: readonly Choice[], fallback: Choice): Choice {
    const setting = this.find(keyword);
    if (setting === undefined) return fallback;
    const found = choices.find((choice) => choice === setting.value);
    if (found === undefined) throw invalidSetting(setting, `use one of: ${choices.join(", ")}`);
    return found;
  }

  /** A whole number, as libpq reads it: spaces around are no error. */
  integer(keyword: string): number | undefined {
    const setting = this.find(keyword);
    if (setting === undefined) return undefined;
    const value = Number(setting.value.trim());
    if (!/^\s*[+-]?\d{1,10}\s*$/.test(setting.value) || Math.abs(value) > 2 ** 31 - 1) {
      throw invalidSetting(setting, "use a whole number");
    }
    return value;
  }

  /** `0` or `1`. */
  flag(keyword: string, fallback: boolean): boolean {
    return this.choice(keyword, ["0", "1"], fallback ? "1" : "0") === "1";
  }
}

export function invalidSetting(setting: Setting, hint: string, cause?: unknown): Error {
  return configError(
    `invalid value "${shownText(setting.value)}" of ${setting.keyword} (${setting.source})`,
    hint,
    cause,
  );
}

/** @throws BackupError CONFIG for a keyword that is unknown or refused. */
export function checkKeyword(name: string, source: string): void {
  const keyword = findKeyword(name);
  if (keyword === undefined) {
    throw configError(
      `unknown connection keyword "${shownText(name)}" (${source})`,
      "check its spelling against docs/connection.md",
    );
  }
  if (keyword.refused !== undefined) {
    throw configError(`${name} (${source}) is not supported: ${keyword.refused}`, `remove ${name}`);
  }
}
