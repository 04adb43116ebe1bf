import { shownTags } from "../../core/backup-tags.ts";
import type { ShapingOptions } from "../../core/changed-options.ts";
import { formatCompression } from "../../core/compression.ts";
import type { BackupSingleRequest } from "../backup-single.ts";
import { optionOfPatterns } from "../partial-options.ts";

/** Options that another run may give another value. */
const free: ReadonlySet<string> = new Set(["strict-names", "lock-wait-timeout", "serializable-deferrable"]);

/** Where the option is not called as the property. */
const names: Readonly<Record<string, string>> = {
  ...optionOfPatterns,
  foreignServers: "include-foreign-data",
  sections: "section",
};

type Shaping = Pick<
  BackupSingleRequest,
  "compression" | "selection" | "shape" | "session" | "statistics" | "archiveVersion" | "tags"
>;

/** The options that say what is in a backup and how it is written, by flag; those that are not given say nothing. */
export function shapingOptions(request: Shaping): ShapingOptions {
  const { compression, selection, shape, session, statistics, archiveVersion, tags } = request;
  const all = {
    compression: formatCompression(compression),
    statistics,
    archiveVersion,
    // What one run says of the backup is said by all of them.
    tag: shownTags(tags).toSorted(),
    ...selection,
    largeObjects: selection?.largeObjects === true,
    noLargeObjects: selection?.largeObjects === false,
    ...session,
    ...shape,
    // Of scripts only, which cannot be resumed.
    script: undefined,
  };
  const given = Object.entries(all).filter(([, value]) => isGiven(value));
  const named = given.map(([key, value]) => [optionName(key), value] as const).filter(([name]) => !free.has(name));
  return Object.fromEntries(named.map(([name, value]) => [`--${name}`, value]));
}

function optionName(key: string): string {
  return names[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}
