import type { EngineFamily } from "../core/database-type.ts";
import type { Codec } from "../ports/codec.ts";
import type { Dumper } from "../ports/dump.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";
import type { DumpingServices } from "../ports/services.ts";
import { artifactStages } from "../stages/artifact-stages.ts";
import { createCodec } from "../stages/codec.ts";

/** Joins engine and stages for backups. */
export async function dumpingServices(
  dumperVersion: string,
  engine: EngineChoice = { name: "native" },
  family: EngineFamily = "postgres",
): Promise<DumpingServices> {
  const codec = createCodec();
  return {
    codec,
    dumper:
      family === "mysql" ? await mysqlDumper(engine, dumperVersion) : await openDumper(engine, dumperVersion, codec),
    openStages: artifactStages(codec),
  };
}

async function openDumper(engine: EngineChoice, dumperVersion: string, codec: Codec): Promise<Dumper> {
  switch (engine.name) {
    case "native":
      return await nativeDumper(dumperVersion);
    case "tools":
      return await toolsDumper(engine, codec);
    case "auto":
      return (await import("./falling-back-dumper.ts")).fallingBackDumper(await nativeDumper(dumperVersion), () =>
        toolsDumper(engine, codec),
      );
  }
}

async function mysqlDumper(engine: EngineChoice, dumperVersion: string): Promise<Dumper> {
  const { refuseTools } = await import("./mysql-engine.ts");
  refuseTools(engine);
  const { createMysqlDumper } = await import("../engines/mysql/mysql-dumper.ts");
  return createMysqlDumper({ dumperVersion });
}

async function nativeDumper(dumperVersion: string): Promise<Dumper> {
  const { createPostgresDumper } = await import("../engines/postgres/postgres-dumper.ts");
  return createPostgresDumper({ dumperVersion });
}

async function toolsDumper(engine: EngineChoice, codec: Codec): Promise<Dumper> {
  const { createToolsDumper } = await import("../engines/postgres-tools/dump/tools-dumper.ts");
  const { holdSource } = await import("../engines/postgres/dump/hold-source.ts");
  const { createPostgresChecker } = await import("../engines/postgres/verify/postgres-checker.ts");
  const { toolPlaces } = await import("./tool-places.ts");
  return createToolsDumper({ places: toolPlaces(engine), holdSource, checker: createPostgresChecker(codec) });
}
