import { serverVersionNumber } from "../../../wire/postgres/server-version.ts";
import type { ArchiveHeader } from "../archive/archive-header.ts";
import type { TocEntry } from "../archive/toc-entry.ts";

/**
 * Archives of ours say what the server that they come from understands. Where a newer one would take another default for
 * what the old one had no word for, the entry is said in the words of the newer one, as pg_dump of that version would.
 * @param entry of an archive with this header
 * @param targetMajor version that it is restored on
 */
export function saidForNewer(entry: TocEntry, header: ArchiveHeader, targetMajor: number): TocEntry {
  const { desc, definition } = entry;
  if (desc !== "SUBSCRIPTION" || definition === null || !header.dumperVersion.startsWith("dbbackup")) return entry;
  const source = serverVersionNumber(header.serverVersion) / 10_000;
  const options = subscriptionOptions.filter(({ since }) => source < since && targetMajor >= since);
  if (options.length === 0 || !definition.endsWith(end)) return entry;
  const added = options.map(({ word, value }) => `, ${word} = ${value}`).join("");
  return { ...entry, definition: `${definition.slice(0, -end.length)}${added}${end}` };
}

const end = ");\n";

/** How subscriptions were applied before there was a choice. */
const subscriptionOptions = [
  { word: "streaming", value: "off", since: 14 },
  { word: "run_as_owner", value: "true", since: 16 },
];
