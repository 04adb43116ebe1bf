import { largeObjectFile, tableDataFile } from "../archive-files.ts";
import type { ArchiveOptions } from "../archive-options.ts";
import type { ArchiveFile } from "../files-archive-writer.ts";
import { PlainScriptWriter } from "../plain-script-writer.ts";
import type { TocEntry } from "../toc-entry.ts";

export interface RestoreScriptOptions extends ArchiveOptions {
  readonly file: ArchiveFile;
  /** OIDs by the dump id of their BLOBS entry. */
  readonly largeObjects: ReadonlyMap<number, readonly number[]>;
  readonly transactionTimeout: boolean;
}

/** What people replace by the folder that they unpacked the archive into. */
const folder = "$$PATH$$";

const note = `--
-- NOTE:
--
-- File paths need to be edited. Search for ${folder} and
-- replace it with the path to the directory containing
-- the extracted data files.
--
`;

/**
 * Writes the script for psql that ends an archive in tar format: whoever unpacked the archive on the server's machine can
 * restore without pg_restore. Unlike pg_dump's it also fills the large objects.
 */
export async function writeRestoreScript(options: RestoreScriptOptions): Promise<void> {
  const { file, codec, entries, lateDefinitions, header, largeObjects } = options;
  await file.write(Buffer.from(note, "latin1"));
  const script = await PlainScriptWriter.open({
    sink: file,
    codec,
    compression: { method: "none", level: 0 },
    entries,
    ...(lateDefinitions === undefined ? {} : { lateDefinitions }),
    serverVersion: header.serverVersion,
    dumpedBy: header.dumperVersion,
    transactionTimeout: options.transactionTimeout,
    clean: true,
    ifExists: false,
    noOwner: false,
    schemaOnly: false,
    dataOnly: false,
    noPrivileges: false,
    // psql cannot connect to a name with a line end: then the script is for a database that is there.
    create: !/[\r\n]/.test(header.database),
    dataText: (entry) =>
      entry.desc === "BLOBS" ? fillObjects(largeObjects.get(entry.dumpId) ?? []) : [loadRows(entry)],
  });
  await script.finish();
  await file.end();
}

function loadRows({ dumpId, copy }: TocEntry): string {
  const end = " FROM stdin;\n";
  if (copy?.endsWith(end) !== true) throw new Error(`entry ${dumpId} has no COPY statement`);
  return `${copy.slice(0, -end.length)} FROM '${folder}/${tableDataFile(dumpId)}';\n\n`;
}

function* fillObjects(oids: readonly number[]): Generator<string> {
  for (const oid of oids) {
    const content = `pg_catalog.pg_read_binary_file('${folder}/${largeObjectFile(oid)}')`;
    yield `SELECT pg_catalog.lo_put(${oid}, 0, ${content});\n`;
  }
  yield "\n";
}
