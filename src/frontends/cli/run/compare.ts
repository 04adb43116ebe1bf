import { compare } from "../../../commands/compare.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { defaultComparisonLimits } from "../../../ports/comparison.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { RunCommand } from "../command.ts";
import { comparisonDocument, comparisonLines } from "./comparison-lines.ts";

export const run: RunCommand = async ({ args }, { services, output, progress, signal }) => {
  const [left, right] = [databaseOf(args[0]!), databaseOf(args[1]!)];
  const request = { left, right, schemaOnly: false, limits: defaultComparisonLimits };
  const result = await compare(request, { comparer: await services.openComparer() }, { progress, signal });
  output.clearProgress();
  output.document(comparisonDocument(result));
  output.print(...comparisonLines(result));
  return result.equal ? ExitStatus.done : ExitStatus.damaged;
};

function databaseOf(argument: string): ConnectionRequest {
  if (/^postgres(ql)?:\/\//.test(argument)) return { url: argument };
  throw new BackupError({
    code: "USAGE",
    message: `"${argument}" is no URL of a database`,
    hint: "write it as postgres://user@host:port/database; what is missing is read from PGHOST, PGUSER and so on",
  });
}
