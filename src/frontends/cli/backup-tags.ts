import { BackupError } from "../../core/backup-error.ts";
import { type BackupTags, parseTags } from "../../core/backup-tags.ts";
import type { OptionValues } from "./options/options.ts";

/** The tags that a backup is to get. @throws BackupError USAGE, also when no metadata is kept that could hold them */
export function backupTags({ tag, output }: OptionValues): BackupTags | undefined {
  if (tag === undefined) return undefined;
  if (output !== "-") return parseTags(tag);
  throw new BackupError({
    code: "USAGE",
    message: "tags are kept in the metadata, and --output - has none",
    hint: "leave out --tag, or name a file",
  });
}
