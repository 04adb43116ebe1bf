import type { DumpFormat } from "../../src/core/dump-format.ts";
import type { RowTotals } from "../../src/core/row-totals.ts";
import { describeEntries } from "../../tests/helpers/describe-entries.ts";
import { comparableScript } from "../../tests/helpers/known-differences.ts";
import { compareTexts } from "./compare-texts.ts";
import type { Difference } from "./difference.ts";
import { readArchive } from "./read-archive.ts";
import { partsOf, readScript } from "./read-script.ts";

/** Two backups of one moment of a database. */
export interface Pair {
  readonly native: string;
  readonly tools: string;
}

/**
 * What two backups do not have in common, but for what docs/postgres.md names.
 * @param server major version of the server
 */
export async function compareBackups(pair: Pair, format: DumpFormat, server: number): Promise<Difference[]> {
  return format === "plain" ? await compareScripts(pair, server) : await compareArchives(pair, server);
}

async function compareArchives(pair: Pair, server: number): Promise<Difference[]> {
  const [native, tools] = await Promise.all([readArchive(pair.native), readArchive(pair.tools)]);
  const [ours, theirs] = [native, tools].map(({ entries }) =>
    describeEntries(entries, () => true, "all").map((text) => comparableScript(text, server)),
  );
  return [
    ...compareTexts(ours!, theirs!, "entry"),
    ...compareMaps(native.rows, tools.rows, "rows", rowsText),
    ...compareMaps(native.largeObjects, tools.largeObjects, "large-object", (hash) => hash),
  ];
}

async function compareScripts(pair: Pair, server: number): Promise<Difference[]> {
  const [native, tools] = await Promise.all([readScript(pair.native), readScript(pair.tools)]);
  const [ours, theirs] = [native, tools].map(({ text }) => partsOf(comparableScript(text, server)));
  return [...compareTexts(ours!, theirs!, "text"), ...compareMaps(native.rows, tools.rows, "rows", rowsText)];
}

function rowsText({ rows, bytes, checksum }: RowTotals): string {
  return `${rows} rows of ${bytes} bytes, checksum ${checksum}`;
}

function compareMaps<V>(
  native: ReadonlyMap<string, V>,
  tools: ReadonlyMap<string, V>,
  kind: Difference["kind"],
  show: (value: V) => string,
): Difference[] {
  const differences: Difference[] = [];
  for (const object of new Set([...native.keys(), ...tools.keys()])) {
    const [ours, theirs] = [native, tools].map((map) => (map.has(object) ? show(map.get(object)!) : null));
    if (ours !== theirs) differences.push({ kind, object, native: ours!, tools: theirs! });
  }
  return differences;
}
