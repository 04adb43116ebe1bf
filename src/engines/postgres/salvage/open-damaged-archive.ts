import { recognizeCompression } from "../../../core/recognize-compression.ts";
import type { SurveyedWith } from "../../../ports/backup-survey.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { StoredInput } from "../../../ports/restore.ts";
import { ForgivingFiles } from "../../common/forgiving-files.ts";
import { ForgivingObject } from "../../common/forgiving-object.ts";
import { archiveDamage } from "../archive/archive-damage.ts";
import { ArchiveFileReader } from "../archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "../archive/archive-folder-reader.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { looksLikeArchive } from "../archive/decode-archive.ts";
import { looksLikeTar, tarBlockBytes } from "../archive/tar/tar-header.ts";
import type { ArchiveSurvey } from "./archive-survey.ts";
import { surveyFile } from "./survey-file.ts";
import { surveyFolder } from "./survey-folder.ts";

/** A damaged archive, and what of it is whole. */
export interface DamagedArchive {
  readonly reader: ArchiveReader;
  readonly survey: ArchiveSurvey;
}

/**
 * Reads all of an archive, and finds what of it is whole.
 * @returns undefined when it is none, or is compressed as a whole
 * @throws BackupError DAMAGED when its table of contents cannot be read
 */
export async function openDamagedArchive(
  source: StoredInput & { readonly maxPlainBytes?: number },
  codec: Codec,
  known: SurveyedWith,
  signal: AbortSignal,
): Promise<DamagedArchive | undefined> {
  const { maxPlainBytes } = source;
  const options = { codec, ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }) };
  if (source.kind === "folder") {
    const files = new ForgivingFiles(source.files);
    const reader = await ArchiveFolderReader.open(files, options);
    const survey = await surveyFolder(reader, files, known, signal);
    files.becomeStrict();
    return { reader, survey };
  }
  const object = new ForgivingObject(source.object);
  const start = Buffer.alloc(tarBlockBytes);
  const head = start.subarray(0, await object.readAt(0, start));
  if (recognizeCompression(head) !== "none") return undefined;
  if (!(looksLikeArchive(head) || looksLikeTar(head))) {
    // Scripts are text.
    if (!head.includes(0)) return undefined;
    throw archiveDamage("it does not begin as one does, and nothing can be read", 0);
  }
  const reader = await ArchiveFileReader.openObject(object, options);
  const survey = await surveyFile(reader, object, known, signal);
  object.becomeStrict();
  return { reader, survey };
}
