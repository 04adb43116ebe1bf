import { createPostgresRestorer } from "../engines/postgres/postgres-restorer.ts";
import type { Codec } from "../ports/codec.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";
import type { RestoreEngine } from "../ports/restore.ts";
import { createCodec } from "../stages/codec.ts";
import { openTemporarySpool } from "../storage/local/temporary-spool.ts";

/** Joins engine and codec for restores. */
export async function openRestorer(engine: EngineChoice = { name: "native" }): Promise<RestoreEngine> {
  const codec = createCodec();
  const native = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
  switch (engine.name) {
    case "native":
      return native;
    case "tools":
      return await toolsRestorer(native, engine, codec);
    case "auto":
      return (await import("./falling-back-restorer.ts")).fallingBackRestorer(native, (reading) =>
        toolsRestorer(reading, engine, codec),
      );
  }
}

async function toolsRestorer(reading: RestoreEngine, engine: EngineChoice, codec: Codec): Promise<RestoreEngine> {
  const { createToolsRestorer } = await import("../engines/postgres-tools/restore/tools-restorer.ts");
  const { toolPlaces } = await import("./tool-places.ts");
  return createToolsRestorer({ reading, codec, places: toolPlaces(engine) });
}
