import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { metadataSchema } from "../src/core/metadata/metadata-schema.ts";
import { progressEventSchema } from "../src/core/progress-event-schema.ts";
import { verificationSchema } from "../src/core/verification/verification-schema.ts";
import { directoryIndexSchema } from "../src/engines/mysql/directory/directory-schema.ts";
import { configSchema } from "../src/frontends/cli/config/config-schema.ts";

/** The published JSON Schemas by file name, as text. */
export function jsonSchemas(): Record<string, string> {
  return {
    "dbbackup-toml-v1.json": `${JSON.stringify(configSchema(), undefined, 2)}\n`,
    "metadata-v1.json": publish("Metadata of a backup, version 1", metadataSchema),
    "mysql-directory-index-v1.json": publish(
      "Index of a directory of MySQL or MariaDB, version 1",
      directoryIndexSchema,
    ),
    "progress-event-v1.json": publish("A line of --progress json, version 1", progressEventSchema),
    "verification-v1.json": publish("Result of verify --restore, version 1", verificationSchema),
  };
}

function publish(title: string, schema: GenericSchema): string {
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: "throw", ignoreActions: ["check"] });
  return `${JSON.stringify({ $schema, title, ...rest }, undefined, 2)}\n`;
}
