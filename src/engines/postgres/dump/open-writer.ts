import type { DumpContext, DumpOutput, DumpRequest, FolderOutput } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import type { ArchiveOptions } from "../archive/archive-options.ts";
import { archiveTimeOf } from "../archive/archive-time.ts";
import type { WritableMinor } from "../archive/archive-version.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import { CustomArchiveWriter } from "../archive/custom-archive-writer.ts";
import { openDirectoryArchive } from "../archive/directory-writer.ts";
import type { EncodedContents } from "../archive/encoded-contents.ts";
import type { LateDefinitions } from "../archive/late-definitions.ts";
import { PlainScriptWriter } from "../archive/plain-script-writer.ts";
import { openTarWriter } from "../archive/tar/tar-writer.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import { partsOfShape } from "./choose-entries.ts";
import type { ChosenFormat } from "./choose-format.ts";

export interface WriterRequest {
  readonly request: DumpRequest;
  readonly format: ChosenFormat;
  readonly output: DumpOutput;
  readonly context: DumpContext;
  readonly entries: readonly TocEntry[];
  /** All entries, for a script that prints them as they are made; `entries` are then those that stand first. */
  readonly toCome?: Iterable<TocEntry>;
  /** All entries as they are written to an archive in custom format; there are no `entries` then. */
  readonly contents?: EncodedContents;
  readonly lateDefinitions: LateDefinitions | undefined;
  readonly capabilities: Capabilities;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumperVersion: string;
  readonly recycle: (block: Buffer) => void;
}

/** Opens the writer of the chosen format: everything but the data is written. */
export function openWriter(wanted: WriterRequest): Promise<ArchiveWriter> {
  const { format } = wanted;
  if (format.kind === "script") return openScript(wanted);
  const archive = archiveOptions(wanted, format.minor);
  switch (format.container) {
    case "custom":
      return openCustom(wanted, archive);
    case "directory":
      return openDirectory(folderOf(wanted), archive);
    case "tar":
      return openTarArchive(wanted, archive);
  }
}

function archiveOptions(wanted: WriterRequest, minor: WritableMinor): ArchiveOptions {
  const { request, context, entries, lateDefinitions, recycle } = wanted;
  return {
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
    lateDefinitions,
    recycle,
  };
}

function openCustom(wanted: WriterRequest, archive: ArchiveOptions): Promise<ArchiveWriter> {
  const options = { ...archive, sink: fileOf(wanted).sink };
  if (wanted.contents === undefined) return CustomArchiveWriter.open(options);
  return CustomArchiveWriter.openWith(options, wanted.contents);
}

function openDirectory({ createFile, progress }: FolderOutput, archive: ArchiveOptions): Promise<ArchiveWriter> {
  const kept = progress?.files;
  return openDirectoryArchive({ ...archive, createFile, ...(kept === undefined ? {} : { kept }) });
}

async function openTarArchive(wanted: WriterRequest, archive: ArchiveOptions): Promise<ArchiveWriter> {
  const { sink, openSpool } = fileOf(wanted);
  return await openTarWriter({
    ...archive,
    sink,
    spool: await openSpool(),
    modified: wanted.context.startedAt,
    transactionTimeout: wanted.capabilities.transactionTimeout,
  });
}

function fileOf({ output }: WriterRequest): Extract<DumpOutput, { kind: "file" }> {
  if (output.kind !== "file") throw new Error("this format is one file");
  return output;
}

function folderOf({ output }: WriterRequest): FolderOutput {
  if (output.kind !== "folder") throw new Error("format directory is a folder");
  return output;
}

function openScript(wanted: WriterRequest): Promise<ArchiveWriter> {
  const { request, context, capabilities, entries, lateDefinitions, recycle } = wanted;
  const shape = request.shape ?? wholeShape;
  return PlainScriptWriter.open({
    sink: fileOf(wanted).sink,
    codec: context.codec,
    // The whole script is compressed by a stage behind us.
    compression: { method: "none", level: 0 },
    entries,
    ...(wanted.toCome === undefined ? {} : { toCome: wanted.toCome }),
    lateDefinitions,
    serverVersion: wanted.serverVersion,
    dumpedBy: wanted.dumperVersion,
    transactionTimeout: capabilities.transactionTimeout,
    ...partsOfShape(shape, shape.script.create),
    ...shape.script,
    enableRowSecurity: request.session?.enableRowSecurity === true,
    ...(request.restrictKey === undefined ? {} : { restrictKey: request.restrictKey }),
    recycle,
  });
}
