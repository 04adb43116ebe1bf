import { createPostgresChecker } from "../engines/postgres/verify/postgres-checker.ts";
import type { BackupChecker } from "../ports/backup-checker.ts";
import { createCodec } from "../stages/codec.ts";

/** Joins engine and codec for verification. */
export function openChecker(): BackupChecker {
  return createPostgresChecker(createCodec());
}
