import { ExitStatus } from "../../../core/exit-status.ts";
import type { RunCommand } from "../command.ts";
import { configSchema } from "../config/config-schema.ts";

export const run: RunCommand = async (_, { output }) => {
  const schema = configSchema();
  output.document(schema);
  output.print(JSON.stringify(schema, undefined, 2));
  return ExitStatus.done;
};
