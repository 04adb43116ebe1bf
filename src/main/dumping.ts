import { createPostgresDumper } from "../engines/postgres/postgres-dumper.ts";
import type { DumpingServices } from "../ports/services.ts";
import { artifactStages } from "../stages/artifact-stages.ts";
import { createCodec } from "../stages/codec.ts";

/** Joins engine and stages for backups. */
export function dumpingServices(dumperVersion: string): DumpingServices {
  const codec = createCodec();
  return {
    codec,
    dumper: createPostgresDumper({ dumperVersion }),
    openStages: artifactStages(codec),
  };
}
