import type { EngineFamily } from "../core/database-type.ts";
import { peekStream } from "../core/peek-stream.ts";
import type { BackupChecker, CheckSource } from "../ports/backup-checker.ts";
import type { Codec } from "../ports/codec.ts";
import {
  FAMILY_BYTES,
  recognizeFamily,
  recognizeFolder,
  recognizeStoredFamily,
  STORED_FAMILY_BYTES,
} from "./recognize-family.ts";

/** Checks what is given by the engine whose backup it is: its first bytes tell. What does not tell is of the kind `asked`. */
export function choosingChecker(
  codec: Codec,
  openChecker: (family: EngineFamily) => Promise<BackupChecker>,
  asked: EngineFamily = "postgres",
): BackupChecker {
  return {
    async check(source, signal) {
      const checker = await openChecker((await familyOfSource(source, codec)) ?? asked);
      return await checker.check(source, signal);
    },
    async checkStream(stream, signal) {
      const { head, all } = await peekStream(stream, FAMILY_BYTES);
      const checker = await openChecker(recognizeFamily(head) ?? asked);
      return await checker.checkStream(all, signal);
    },
    async survey(source, known, signal) {
      const checker = await openChecker((await familyOfSource(source, codec)) ?? asked);
      return await checker.survey(source, known, signal);
    },
  };
}

async function familyOfSource(source: CheckSource, codec: Codec): Promise<EngineFamily | undefined> {
  if (source.kind === "folder") return recognizeFolder(source.files);
  const { object } = source;
  const head = Buffer.alloc(Math.min(STORED_FAMILY_BYTES, object.size));
  const count = await object.readAt(0, head);
  return await recognizeStoredFamily(head.subarray(0, count), codec);
}
