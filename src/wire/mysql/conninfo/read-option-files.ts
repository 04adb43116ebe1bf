import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { MysqlConnectionOptions } from "../../../ports/connection-request.ts";
import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import type { MysqlEnvironment } from "./mysql-environment.ts";
import { isRefusedOption, optionName, readPrefixes } from "./option-names.ts";
import { parseOptionFile } from "./parse-option-file.ts";

const maxFileLength = 1024 * 1024;
/** Files that include files that include ...: as MySQL's own limit. */
const maxDepth = 10;

/** Groups that say how to connect, those of the programs whose work is done here, and our own. */
const groups = ["client", "client-server", "client-mariadb", "mysqldump", "mariadb-dump", "dbbackup"];

export interface OptionFiles {
  /** By their names; what comes later wins, in whichever group it stands. */
  readonly values: ReadonlyMap<string, string>;
  /** The file that the password came from. */
  readonly passwordFile: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * What option files say about connecting, read as the clients read them: the system's, one more that was named, the user's.
 * @throws BackupError CONFIG for a named file that cannot be read, a line that cannot be, an option that cannot be honoured
 */
export function readOptionFiles(options: MysqlConnectionOptions, environment: MysqlEnvironment): OptionFiles {
  const reader = new Reader(groupsOf(options, environment));
  if (options.defaultsFile !== undefined) reader.mustRead(expanded(options.defaultsFile, environment));
  else if (options.noDefaults !== true) {
    for (const path of environment.systemFiles) reader.readIfThere(path);
    if (options.defaultsExtraFile !== undefined) reader.mustRead(expanded(options.defaultsExtraFile, environment));
    reader.readIfThere(join(environment.homeFolder, ".my.cnf"));
  }
  return reader.found();
}

function groupsOf({ defaultsGroupSuffix }: MysqlConnectionOptions, { variables }: MysqlEnvironment): Set<string> {
  const suffix = defaultsGroupSuffix ?? variables.MYSQL_GROUP_SUFFIX ?? "";
  return new Set(suffix === "" ? groups : [...groups, ...groups.map((group) => group + suffix)]);
}

function expanded(path: string, { homeFolder }: MysqlEnvironment): string {
  return resolve(path.startsWith("~/") ? join(homeFolder || homedir(), path.slice(2)) : path);
}

class Reader {
  readonly #groups: ReadonlySet<string>;
  readonly #values = new Map<string, string>();
  readonly #warnings: string[] = [];
  #passwordFile: string | undefined;

  constructor(wanted: ReadonlySet<string>) {
    this.#groups = wanted;
  }

  found(): OptionFiles {
    return { values: this.#values, passwordFile: this.#passwordFile, warnings: this.#warnings };
  }

  /** @throws BackupError CONFIG when it is not there */
  mustRead(path: string): void {
    this.#read(path, 0, true);
  }

  readIfThere(path: string): void {
    this.#read(path, 0, false);
  }

  #read(path: string, depth: number, isNamed: boolean): void {
    const text = this.#textOf(path, isNamed);
    if (text === undefined) return;
    for (const line of parseOptionFile(text)) {
      switch (line.kind) {
        case "bad":
          throw configError(
            `line ${line.line} of option file "${shownText(path)}" cannot be read`,
            "write [group] first, then name=value, one on a line",
          );
        case "include":
          this.#include(resolve(dirname(path), line.path), path, depth);
          break;
        case "includedir":
          for (const file of configurationFiles(resolve(dirname(path), line.path))) this.#include(file, path, depth);
          break;
        case "option":
          if (this.#groups.has(line.group)) this.#take(line.name, line.value, path);
          break;
      }
    }
  }

  #include(path: string, from: string, depth: number): void {
    if (depth + 1 === maxDepth) {
      throw configError(`option file "${shownText(from)}" includes others more than ${maxDepth} deep`, "include fewer");
    }
    this.#read(path, depth + 1, false);
  }

  #take(text: string, value: string | undefined, path: string): void {
    const { name, value: ofPrefix } = readPrefixes(text);
    if (isRefusedOption(name)) {
      throw configError(
        `"${shownText(text)}" in option file "${shownText(path)}" is not supported`,
        "take it out, or leave the file out with --no-defaults or another --defaults-file",
      );
    }
    const option = optionName(name);
    if (option === undefined) return;
    // A password without a value asks for it to be typed: nobody is there to do so.
    this.#values.set(option, ofPrefix ?? value ?? "");
    if (option === "password") this.#passwordFile = path;
  }

  #textOf(path: string, isNamed: boolean): string | undefined {
    const name = shownText(path);
    let stats: Stats;
    try {
      stats = statSync(path);
    } catch (error) {
      // As for the clients, what is not there or in a closed folder says nothing.
      if (!isNamed) return undefined;
      throw unreadable(name, error);
    }
    if (!stats.isFile()) return undefined;
    if (process.platform !== "win32" && (stats.mode & 0o002) !== 0) {
      this.#warnings.push(`option file "${name}" is ignored: everybody can write it; run: chmod o-w '${name}'`);
      return undefined;
    }
    if (stats.size > maxFileLength) throw configError(`option file "${name}" is too large`, "check its path");
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if (isNamed) throw unreadable(name, error);
      this.#warnings.push(`option file "${name}" cannot be read: ${(error as NodeJS.ErrnoException).code}`);
      return undefined;
    }
  }
}

/** In the order of their names; which one the clients take is the folder's. */
function configurationFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".cnf"))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function unreadable(name: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  return configError(`option file "${name}" cannot be read: ${code}`, "check its path and permissions", error);
}
