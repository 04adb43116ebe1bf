import { openNamedFile } from "../../../commands/encryption/source-of-file.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { ContainerFacts } from "../../../ports/encryption.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { formatTable } from "../table.ts";

export const run: RunCommand = async ({ args }, context) => {
  const { output } = context;
  const files = [];
  for (const path of args) files.push({ file: path, ...(await factsOf(path, context)) });
  output.document(
    files.map(({ file, frameSize, recipients }) => ({
      file,
      frame_size: frameSize,
      recipients: recipients.map(({ kind, keyId }) => ({ kind, key_id: keyId })),
    })),
  );
  const rows = files.flatMap(({ file, recipients }) =>
    recipients.map(({ kind, keyId }) => [printable(file), kind, keyId]),
  );
  output.print(...formatTable([{ title: "FILE" }, { title: "KIND" }, { title: "KEY" }], rows));
  return ExitStatus.done;
};

async function factsOf(path: string, { services }: CliContext): Promise<ContainerFacts> {
  const stored = await openNamedFile(path, services.locateFile);
  try {
    return await (await services.encryption()).facts(stored);
  } finally {
    await stored.close();
  }
}
