import { benchPostgres } from "./postgres.ts";
import { benchScanner } from "./scanner.ts";

const args = process.argv.slice(2);
process.exitCode = args[0] === "scanner" ? await benchScanner() : await benchPostgres(args);
