import { BackupError } from "../../../core/backup-error.ts";
import type { TocEntry } from "./toc-entry.ts";

/** What the first entries of an archive say about the session that restores it. */
export interface SessionSettings {
  readonly encoding: string;
  readonly standardConformingStrings: boolean;
  /** The statement that sets the search path; null in archives of pg_dump before 10.3, which name one per entry. */
  readonly searchPath: string | null;
}

const encodingPattern = /^SET client_encoding = '([A-Za-z0-9_-]{1,63})';\n$/;
const stringsPattern = /^SET standard_conforming_strings = '(on|off)';\n$/;
/** pg_dump writes the empty path only; other text here would be SQL that nobody expects. */
const searchPathPattern = /^SELECT pg_catalog\.set_config\('search_path', '[^'\\]*', false\);\n$/;

/** Entries that are settings, not objects. */
export function isSetting(entry: TocEntry): boolean {
  return entry.desc === "ENCODING" || entry.desc === "STDSTRINGS" || entry.desc === "SEARCHPATH";
}

/** @throws BackupError DAMAGED when one of the settings is not written as pg_dump writes it. */
export function readSessionSettings(entries: readonly TocEntry[]): SessionSettings {
  const match = (desc: string, pattern: RegExp): string | undefined => {
    const entry = entries.find((candidate) => candidate.desc === desc);
    if (entry === undefined) return undefined;
    const found = pattern.exec(entry.definition ?? "");
    if (found === null) {
      throw new BackupError({
        code: "DAMAGED",
        message: `entry ${entry.dumpId} (${desc}) of the archive is not a setting that pg_dump writes`,
        hint: "restore from another copy of this backup",
      });
    }
    return found[1] ?? found[0];
  };
  return {
    encoding: match("ENCODING", encodingPattern) ?? "SQL_ASCII",
    standardConformingStrings: match("STDSTRINGS", stringsPattern) === "on",
    searchPath: match("SEARCHPATH", searchPathPattern) ?? null,
  };
}
