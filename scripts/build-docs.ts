// Writes docs/cli.md from the tables of commands and options.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/frontends/cli/commands.ts";
import { docsPage } from "../src/frontends/cli/docs-page.ts";

writeFileSync(join(import.meta.dirname, "..", "docs", "cli.md"), docsPage(commands));
