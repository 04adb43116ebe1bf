import { createPostgresRestorer } from "../engines/postgres/postgres-restorer.ts";
import type { RestoreEngine } from "../ports/restore.ts";
import { createCodec } from "../stages/codec.ts";
import { openTemporarySpool } from "../storage/local/temporary-spool.ts";

/** Joins engine and codec for restores. */
export function openRestorer(): RestoreEngine {
  return createPostgresRestorer({ codec: createCodec(), openSpool: openTemporarySpool });
}
