import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonSchemas } from "../scripts/json-schemas.ts";

const folder = join(import.meta.dirname, "../docs/schemas");

test("docs/schemas holds what the program checks with (npm run build:schemas)", () => {
  const published = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  expect(Object.fromEntries(published)).toEqual(jsonSchemas());
});
