import { peekStream } from "../../../core/peek-stream.ts";
import { recognizeCompression } from "../../../core/recognize-compression.ts";
import type { BackupChecker } from "../../../ports/backup-checker.ts";
import type { Codec } from "../../../ports/codec.ts";
import { withoutBomb } from "../../common/without-bomb.ts";
import { isMydumperFolder } from "../mydumper/mydumper-folder.ts";
import { requireScript } from "../script/require-script.ts";
import { checkDirectory } from "./check-directory.ts";
import { checkMydumper } from "./check-mydumper.ts";
import { checkScript } from "./check-script.ts";
import { surveyDirectory } from "./survey-directory.ts";

/** How many of the first bytes tell everything. */
const recognizedBytes = 512;

/**
 * Checks scripts of MySQL and MariaDB, also compressed as a whole: those of this program, mysqldump and mariadb-dump; and
 * directories of this program, and folders of mydumper.
 */
export function createMysqlChecker(codec: Codec): BackupChecker {
  return {
    async check(source, signal) {
      if (source.kind === "folder" && isMydumperFolder(source.files)) {
        return await checkMydumper(source.files, codec, signal);
      }
      if (source.kind === "folder") return await checkDirectory(source.files, codec, signal);
      const head = Buffer.alloc(recognizedBytes);
      const compression = recognizeCompression(head.subarray(0, await source.object.readAt(0, head)));
      const limits = source.plainSize === undefined ? {} : { maxPlainBytes: source.plainSize };
      return await checkPlain(
        withoutBomb(codec.decompress(compression, "gzip", source.stream(), limits), source),
        signal,
      );
    },

    checkStream: (stream, signal) => checkPlain(stream, signal),
    async survey(source, _known, signal) {
      if (source.kind !== "folder" || isMydumperFolder(source.files)) return undefined;
      return (await surveyDirectory(source.files, codec, signal)).survey;
    },
  };
}

async function checkPlain(plain: AsyncIterable<Uint8Array>, signal: AbortSignal): ReturnType<typeof checkScript> {
  const { head, all } = await peekStream(plain, recognizedBytes);
  requireScript(head);
  return await checkScript(all, signal);
}
