import { BackupError } from "../../core/backup-error.ts";
import type { ToolVersion } from "./tool-version.ts";

/** Arguments of a tool in the making: each is an option that this version of the tool knows. */
export class ToolArguments {
  readonly list: string[] = [];
  readonly #tool: string;
  readonly #version: ToolVersion;

  constructor(tool: string, version: ToolVersion) {
    this.#tool = tool;
    this.#version = version;
  }

  /** @param since the first major version that knows the option */
  flag(name: string, isSet: boolean | undefined, since = 0): void {
    if (isSet !== true) return;
    this.#require(name, since);
    this.list.push(`--${name}`);
  }

  /** Values may begin with a minus: they stand in the same argument. */
  value(name: string, value: string | number | undefined, since = 0): void {
    if (value === undefined) return;
    this.#require(name, since);
    this.list.push(`--${name}=${value}`);
  }

  values(name: string, values: readonly string[] | undefined, since = 0): void {
    for (const value of values ?? []) this.value(name, value, since);
  }

  /** @throws BackupError USAGE unless the tool is of this version */
  #require(name: string, since: number): void {
    if (this.#version.major >= since) return;
    throw new BackupError({
      code: "USAGE",
      message: `"--${name}" needs ${this.#tool} ${since} or newer, and the one found is ${this.#version.text}`,
      hint: `leave out --${name}, name a newer ${this.#tool} with --tools-path, or use --engine native`,
    });
  }
}
