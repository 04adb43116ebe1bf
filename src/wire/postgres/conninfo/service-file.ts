import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import type { ConnectionEnvironment } from "./connection-environment.ts";
import { checkKeyword, type SettingLayer } from "./setting-layers.ts";

/**
 * The settings of a service (manual, "The Connection Service File"): from the user's file, else from the system's.
 * @throws BackupError CONFIG when no file has it, or its section cannot be read.
 */
export function readService(name: string, file: string | undefined, environment: ConnectionEnvironment): SettingLayer {
  const { variables, homeFolder, systemFolders } = environment;
  const files = [file ?? join(homeFolder, ".pg_service.conf")];
  const systemFolder = variables.PGSYSCONFDIR;
  for (const folder of systemFolder === undefined ? systemFolders : [systemFolder]) {
    files.push(join(folder, "pg_service.conf"));
  }
  for (const path of files) {
    const text = readIfThere(path, path === file);
    const values = text === undefined ? undefined : findSection(text, name, path);
    if (values !== undefined) return { source: `service "${shownText(name)}" of "${shownText(path)}"`, values };
  }
  throw configError(
    `service "${shownText(name)}" is not defined`,
    `add a section [${shownText(name)}] to one of: ${files.join(", ")}`,
  );
}

/** Values of the first section of that name. */
function findSection(text: string, name: string, path: string): Map<string, string> | undefined {
  let values: Map<string, string> | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    if (trimmed.startsWith("[")) {
      if (values !== undefined) break;
      if (trimmed.startsWith(`[${name}]`)) values = new Map();
    } else if (values !== undefined) {
      const source = `line ${index + 1} of "${shownText(path)}"`;
      const [keyword, value] = readLine(trimmed, source);
      // The first one counts, as in libpq.
      if (!values.has(keyword)) values.set(keyword, value);
    }
  }
  return values;
}

function readLine(line: string, source: string): [string, string] {
  if (line.startsWith("ldap://")) {
    throw configError(`${source} asks an LDAP server, which is not supported`, "write the connection's keywords there");
  }
  const equals = line.indexOf("=");
  const keyword = line.slice(0, Math.max(equals, 0));
  if (keyword === "") throw configError(`${source} is not keyword=value`, "correct that line");
  if (keyword === "service" || keyword === "servicefile") {
    throw configError(`${source} names a service inside a service`, "remove that line");
  }
  checkKeyword(keyword, source);
  return [keyword, line.slice(equals + 1)];
}

function readIfThere(path: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw configError(
      `service file "${shownText(path)}" cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "check PGSERVICEFILE and the file's permissions",
      error,
    );
  }
}
