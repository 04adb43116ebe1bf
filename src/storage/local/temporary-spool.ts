import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spool } from "../../ports/spool.ts";
import { LocalSpool } from "./local-spool.ts";

/** A spool without a work folder: it lies where temporary files do (TMPDIR says where), and has no name once it is open. */
export async function openTemporarySpool(): Promise<Spool> {
  return new LocalSpool(join(tmpdir(), `dbbackup-spool-${randomUUID()}`), true);
}
