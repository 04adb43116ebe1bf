import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "./commands.ts";
import { docsPage } from "./docs-page.ts";

test("docs/cli.md is what the tables give (npm run build:docs)", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");
  expect(page).toBe(docsPage(commands));
});
