// Writes docs/schemas/*.json from the schemas that the program itself checks with.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "./json-schemas.ts";

const folder = join(import.meta.dirname, "..", "docs", "schemas");
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemas())) writeFileSync(join(folder, name), text);
