import type { EngineFamily } from "../core/database-type.ts";
import type { BackupChecker } from "../ports/backup-checker.ts";
import type { Codec } from "../ports/codec.ts";
import { createCodec } from "../stages/codec.ts";
import { choosingChecker } from "./choosing-checker.ts";

/**
 * Joins engines and codec for verification: each backup is checked by the engine whose it is.
 * @param asked what the command line names, for backups that do not say it
 */
export function openChecker(asked?: EngineFamily): BackupChecker {
  const codec = createCodec();
  return choosingChecker(codec, (family) => checkerOf(family, codec), asked);
}

async function checkerOf(family: EngineFamily, codec: Codec): Promise<BackupChecker> {
  if (family === "mysql") {
    const { createMysqlChecker } = await import("../engines/mysql/verify/mysql-checker.ts");
    return createMysqlChecker(codec);
  }
  const { createPostgresChecker } = await import("../engines/postgres/verify/postgres-checker.ts");
  return createPostgresChecker(codec);
}
