import type { Codec } from "../ports/codec.ts";
import type { Dumper } from "../ports/dump.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";
import type { DumpingServices, WantedDumping } from "../ports/services.ts";
import { artifactStages } from "../stages/artifact-stages.ts";
import { createCodec } from "../stages/codec.ts";

/** Joins engine and stages for backups. */
export async function dumpingServices(
  dumperVersion: string,
  { engine = { name: "native" }, family = "postgres", jobs }: WantedDumping = {},
): Promise<DumpingServices> {
  const codec = createCodec(jobs);
  return {
    codec,
    dumper:
      family === "mysql"
        ? await openDumper(engine, {
            native: () => mysqlDumper(dumperVersion),
            tools: () => mysqlToolsDumper(engine, dumperVersion, codec),
          })
        : await openDumper(engine, {
            native: () => nativeDumper(dumperVersion),
            tools: () => toolsDumper(engine, codec),
          }),
    openStages: artifactStages(codec),
  };
}

/** The two ways to back up a server of one family. */
interface Dumpers {
  readonly native: () => Promise<Dumper>;
  readonly tools: () => Promise<Dumper>;
}

async function openDumper({ name }: EngineChoice, { native, tools }: Dumpers): Promise<Dumper> {
  switch (name) {
    case "native":
      return await native();
    case "tools":
      return await tools();
    case "auto":
      return (await import("./falling-back-dumper.ts")).fallingBackDumper(await native(), tools);
  }
}

async function mysqlToolsDumper(engine: EngineChoice, dumperVersion: string, codec: Codec): Promise<Dumper> {
  const { createMysqlToolsDumper } = await import("../engines/mysql-tools/dump/mysql-tools-dumper.ts");
  const { describeDatabase } = await import("../engines/mysql/dump/describe-database.ts");
  const { createMysqlChecker } = await import("../engines/mysql/verify/mysql-checker.ts");
  const { toolPlaces } = await import("./tool-places.ts");
  const native = await mysqlDumper(dumperVersion);
  return createMysqlToolsDumper({
    places: toolPlaces(engine),
    native,
    describe: describeDatabase,
    checker: createMysqlChecker(codec),
  });
}

async function mysqlDumper(dumperVersion: string): Promise<Dumper> {
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
