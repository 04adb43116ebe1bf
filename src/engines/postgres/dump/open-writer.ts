import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpContext, DumpRequest } from "../../../ports/dump.ts";
import { archiveTimeOf } from "../archive/archive-time.ts";
import type { WritableMinor } from "../archive/archive-version.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import { CustomArchiveWriter } from "../archive/custom-archive-writer.ts";
import { PlainScriptWriter } from "../archive/plain-script-writer.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import type { ChosenFormat } from "./choose-format.ts";

export interface WriterRequest {
  readonly request: DumpRequest;
  readonly format: ChosenFormat;
  readonly output: ByteSink;
  readonly context: DumpContext;
  readonly entries: readonly TocEntry[];
  readonly capabilities: Capabilities;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumperVersion: string;
  readonly recycle: (block: Buffer) => void;
}

/** Opens the writer of the chosen format: everything but the data is written. */
export function openWriter(wanted: WriterRequest): Promise<ArchiveWriter> {
  return wanted.format.kind === "script" ? openScript(wanted) : openArchive(wanted, wanted.format.minor);
}

function openArchive(wanted: WriterRequest, minor: WritableMinor): Promise<ArchiveWriter> {
  const { request, output, context, entries, recycle } = wanted;
  return CustomArchiveWriter.open({
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
}

function openScript(wanted: WriterRequest): Promise<ArchiveWriter> {
  const { request, output, context, capabilities, entries, recycle } = wanted;
  return PlainScriptWriter.open({
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
}
