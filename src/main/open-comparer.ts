import { createPostgresComparer } from "../engines/postgres/compare/postgres-comparer.ts";
import type { Comparer } from "../ports/comparison.ts";
import { createCodec } from "../stages/codec.ts";
import { version } from "./version.ts";

/** Joins engine and codec: rows that differ are read out of backups. */
export function openComparer(): Comparer {
  return createPostgresComparer(`dbbackup ${version}`, createCodec());
}
