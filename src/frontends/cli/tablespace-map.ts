import { BackupError } from "../../core/backup-error.ts";

/**
 * Values of `--tablespace-map OLD=NEW`; a `=` in OLD is written `\=`, as pg_basebackup has it.
 * @throws BackupError USAGE
 */
export function tablespaceMap(values: readonly string[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const value of values) {
    const parts = /^((?:\\=|[^=])+)=(\/.*)$/s.exec(value);
    const old = parts?.[1]?.replaceAll("\\=", "=");
    if (parts === null || old === undefined) {
      throw new BackupError({
        code: "USAGE",
        message: `--tablespace-map "${value}" is not of the form OLD=NEW, with an absolute folder as NEW`,
        hint: "write --tablespace-map fast=/srv/fast",
      });
    }
    if (map.has(old)) {
      throw new BackupError({
        code: "USAGE",
        message: `--tablespace-map names "${old}" twice`,
        hint: "leave one of them out",
      });
    }
    map.set(old, parts[2]!);
  }
  return map;
}
