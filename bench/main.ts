import { benchPostgresDump } from "./postgres-dump.ts";
import { benchPostgresSchema } from "./postgres-schema.ts";
import { benchScanner } from "./scanner.ts";

/** Each answers the exit status. */
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  "postgres-dump": benchPostgresDump,
  "postgres-schema": benchPostgresSchema,
  scanner: benchScanner,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join(" | ")} [OPTION]...\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await bench(args);
}
