import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { migrateConfig } from "../config/migrate-config.ts";
import { parseConfig } from "../config/parse-config.ts";

const oldFile = ".dbbackup.conf";

export const run: RunCommand = async ({ args: [file = oldFile] }, { services, output, environment }) => {
  const { document, notes } = migrateConfig(await services.readTextFile(file));
  if (Object.keys(document).length === 0) throw nothing(file);
  const { stringify } = await import("smol-toml");
  const toml = stringify(document);
  // What was made must be what commands read.
  await parseConfig({ path: file, text: toml }, undefined, environment);
  for (const note of notes) output.warn(note);
  output.document({ toml, notes });
  output.print(
    [`# Made of ${printable(file)}`, ...notes.map((note) => `# ${printable(note)}`), "", toml.trimEnd()].join("\n"),
  );
  return ExitStatus.done;
};

function nothing(file: string): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: "nothing in this file is a setting of dbbackup 3",
    object: file,
    hint: `name the ${oldFile} that it wrote`,
  });
}
