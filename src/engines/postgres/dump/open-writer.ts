import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpContext, DumpRequest } from "../../../ports/dump.ts";
import { archiveTimeOf } from "../archive/archive-time.ts";
import { chooseArchiveVersion, formatArchiveVersion } from "../archive/archive-version.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import { CustomArchiveWriter } from "../archive/custom-archive-writer.ts";
import { PlainScriptWriter } from "../archive/plain-script-writer.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";

export interface WriterRequest {
  readonly request: DumpRequest;
  readonly output: ByteSink;
  readonly context: DumpContext;
  readonly entries: readonly TocEntry[];
  readonly capabilities: Capabilities;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumperVersion: string;
  readonly recycle: (block: Buffer) => void;
}

export interface OpenedWriter {
  readonly writer: ArchiveWriter;
  /** Of the archive's format; a script has none. */
  readonly archiveVersion?: string;
  /** What the user should know about the choice. */
  readonly notes: readonly string[];
}

/** Opens the writer of the wanted format: everything but the data is written. */
export function openWriter(wanted: WriterRequest): Promise<OpenedWriter> {
  return wanted.request.format === "plain" ? openScript(wanted) : openArchive(wanted);
}

async function openArchive(wanted: WriterRequest): Promise<OpenedWriter> {
  const { request, output, context, capabilities, entries, recycle } = wanted;
  const { minor, note } = chooseArchiveVersion(capabilities.major, request.compression, request.archiveVersion);
  const writer = await CustomArchiveWriter.open({
    sink: output,
    codec: context.codec,
    header: {
      minor,
      compression: request.compression,
      createdAt: archiveTimeOf(context.startedAt),
      database: wanted.database,
      serverVersion: wanted.serverVersion,
      dumperVersion: wanted.dumperVersion,
    },
    entries,
    recycle,
  });
  return { writer, archiveVersion: formatArchiveVersion(minor), notes: note === undefined ? [] : [note] };
}

async function openScript(wanted: WriterRequest): Promise<OpenedWriter> {
  const { request, output, context, capabilities, entries, recycle } = wanted;
  const writer = await PlainScriptWriter.open({
    sink: output,
    codec: context.codec,
    // The whole script is compressed by a stage behind us.
    compression: { method: "none", level: 0 },
    entries,
    serverVersion: wanted.serverVersion,
    dumpedBy: wanted.dumperVersion,
    transactionTimeout: capabilities.transactionTimeout,
    clean: false,
    ifExists: false,
    noOwner: false,
    schemaOnly: false,
    dataOnly: false,
    noPrivileges: false,
    create: false,
    ...(request.restrictKey === undefined ? {} : { restrictKey: request.restrictKey }),
    recycle,
  });
  return { writer, notes: [] };
}
