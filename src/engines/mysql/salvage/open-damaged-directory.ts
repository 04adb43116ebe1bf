import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { DamagedBackup } from "../../../ports/restore.ts";
import { fileBytes } from "../directory/file-bytes.ts";
import { DirectoryBackup } from "../restore/directory/directory-backup.ts";
import { scanScripts } from "../restore/directory/directory-scripts.ts";
import { loadChunk } from "../restore/directory/load-chunk.ts";
import type { ResolveSpec } from "../restore/script-backup.ts";
import { surveyDirectory } from "../verify/survey-directory.ts";
import { readReferences } from "./directory-damage.ts";

/**
 * Reads all of a directory, and opens what of it is whole. The files are read as ever when they are restored: what is
 * damaged by then is an error.
 * @throws BackupError DAMAGED, FOREIGN_FILE when its index cannot be read
 */
export async function openDamagedDirectory(
  files: BackupFiles,
  { codec, resolve }: { readonly codec: Codec; readonly resolve: ResolveSpec },
  signal: AbortSignal,
): Promise<DamagedBackup> {
  const { survey, index, withoutDefinition, withoutRows } = await surveyDirectory(files, codec, signal);
  const whole = { ...index, objects: index.objects.filter((object) => !withoutDefinition.has(object)) };
  const facts = await scanScripts(files, whole);
  const source = { script: (file: string) => fileBytes(files, file), load: loadChunk };
  const opened = { files, index, facts, source };
  if (withoutDefinition.size === 0 && withoutRows.size === 0) {
    const backup = new DirectoryBackup(opened, codec, resolve);
    return { backup, survey, salvaged: (request) => backup.salvaged(request) };
  }
  const references = await readReferences(files, index, withoutDefinition, signal);
  const damage = { withoutDefinition, withoutRows, references };
  const backup = new DirectoryBackup({ ...opened, damage }, codec, resolve);
  return { backup, survey, salvaged: (request) => backup.salvaged(request) };
}
