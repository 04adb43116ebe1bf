import { compare } from "../../../commands/compare.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { defaultComparisonLimits } from "../../../ports/comparison.ts";
import type { RunCommand } from "../command.ts";
import { repositoryOf } from "../repository-option.ts";
import { comparisonDocument, comparisonLines } from "./comparison-lines.ts";

export const run: RunCommand = async ({ args, options }, { services, output, progress, signal }) => {
  const [left, right] = [args[0]!, args[1]!];
  if (!isDatabase(left)) throw noDatabase(left);
  const request = {
    left: { url: left },
    right: isDatabase(right) ? { url: right } : right,
    schemaOnly: options["schema-only"] === true,
    limits: defaultComparisonLimits,
  };
  const ports = {
    comparer: await services.openComparer(),
    locateFile: services.locateFile,
    openRepository: () => services.openStorage(repositoryOf(options)),
  };
  const result = await compare(request, ports, { progress, signal });
  output.clearProgress();
  output.document(comparisonDocument(result));
  output.print(...comparisonLines(result));
  return result.equal ? ExitStatus.done : ExitStatus.damaged;
};

const isDatabase = (argument: string): boolean => /^postgres(ql)?:\/\//.test(argument);

function noDatabase(argument: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `"${argument}" is no URL of a database`,
    hint: "write it as postgres://user@host:port/database; what is missing is read from PGHOST, PGUSER and so on",
  });
}
