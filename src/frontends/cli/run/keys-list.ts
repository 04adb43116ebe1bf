import { namedStoredFile } from "../../../commands/encryption/key-files.ts";
import { findNamedFile } from "../../../commands/encryption/source-of-file.ts";
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
    files.map(({ file, frameSize, recipients, keyFiles }) => ({
      file,
      frame_size: frameSize,
      recipients: documentsOf(recipients),
      key_files: keyFiles.map((one) => ({
        name: one.name,
        epoch: Number(one.epoch),
        recipients: documentsOf(one.recipients),
      })),
    })),
  );
  const rows = files.flatMap(({ file, recipients, keyFiles }) => [
    ...keyFiles.flatMap(({ name, recipients: newer }) => rowsOf(name, newer)),
    ...rowsOf(file, recipients),
  ]);
  output.print(...formatTable([{ title: "FILE" }, { title: "KIND" }, { title: "KEY" }], rows));
  return ExitStatus.done;
};

function rowsOf(file: string, recipients: ContainerFacts["recipients"]): string[][] {
  return recipients.map(({ kind, keyId }) => [printable(file), kind, keyId]);
}

function documentsOf(recipients: ContainerFacts["recipients"]) {
  return recipients.map(({ kind, keyId }) => ({ kind, key_id: keyId }));
}

async function factsOf(path: string, { services }: CliContext): Promise<ContainerFacts> {
  const file = await findNamedFile(path, services.locateFile);
  const keyFiles = await namedStoredFile(file).keyFiles();
  const stored = await file.open();
  try {
    return await (await services.encryption()).facts(stored, keyFiles);
  } finally {
    await stored.close();
  }
}
