import type { EngineFamily, NamedFamily } from "../core/database-type.ts";
import type { Codec } from "../ports/codec.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";
import type { RestoreEngine } from "../ports/restore.ts";
import type { Spool } from "../ports/spool.ts";
import { createCodec } from "../stages/codec.ts";
import { encryptedSpool } from "../stages/encryption/encrypted-spool.ts";
import { openTemporarySpool } from "../storage/local/temporary-spool.ts";
import { choosingRestorer } from "./choosing-restorer.ts";

/**
 * Joins engines and codec for restores.
 * @param named what is said of the kind of server; the backup says its own
 */
export async function openRestorer(
  engine: EngineChoice = { name: "native" },
  named: NamedFamily = {},
): Promise<RestoreEngine> {
  const codec = createCodec();
  const open = (chosen: EngineFamily): Promise<RestoreEngine> =>
    chosen === "mysql" ? mysqlRestorer(engine, codec) : postgresRestorer(engine, codec);
  return choosingRestorer(codec, open, named);
}

async function mysqlRestorer(engine: EngineChoice, codec: Codec): Promise<RestoreEngine> {
  const { createMysqlRestorer } = await import("../engines/mysql/mysql-restorer.ts");
  const native = createMysqlRestorer({ codec });
  return await withTools(native, engine, async (reading) => {
    const { createMysqlToolsRestorer } = await import("../engines/mysql-tools/restore/mysql-tools-restorer.ts");
    const { toolPlaces } = await import("./tool-places.ts");
    return createMysqlToolsRestorer({ reading, codec, places: toolPlaces(engine) });
  });
}

async function postgresRestorer(engine: EngineChoice, codec: Codec): Promise<RestoreEngine> {
  const { createPostgresRestorer } = await import("../engines/postgres/postgres-restorer.ts");
  const native = createPostgresRestorer({ codec, openSpool: openSecretSpool });
  return await withTools(native, engine, (reading) => toolsRestorer(reading, engine, codec));
}

/** @param openTools the engine that leaves reading to the one that it is given */
async function withTools(
  native: RestoreEngine,
  { name }: EngineChoice,
  openTools: (reading: RestoreEngine) => Promise<RestoreEngine>,
): Promise<RestoreEngine> {
  switch (name) {
    case "native":
      return native;
    case "tools":
      return await openTools(native);
    case "auto":
      return (await import("./falling-back-restorer.ts")).fallingBackRestorer(native, openTools);
  }
}

async function toolsRestorer(reading: RestoreEngine, engine: EngineChoice, codec: Codec): Promise<RestoreEngine> {
  const { createToolsRestorer } = await import("../engines/postgres-tools/restore/tools-restorer.ts");
  const { toolPlaces } = await import("./tool-places.ts");
  return createToolsRestorer({ reading, codec, places: toolPlaces(engine) });
}

/** What is restored may have been encrypted, and is no less secret on this disk. */
async function openSecretSpool(): Promise<Spool> {
  return encryptedSpool(await openTemporarySpool());
}
