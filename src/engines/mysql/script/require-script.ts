import { BackupError } from "../../../core/backup-error.ts";

/**
 * Scripts begin with text: values may hold any bytes, but do not stand on the first page.
 * @param head the first plain bytes
 * @throws BackupError FOREIGN_FILE for what is no script
 */
export function requireScript(head: Buffer): void {
  const isEmpty = head.length === 0;
  const start = head.subarray(0, 512);
  const isText = !start.some(
    (byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1a && byte !== 0x1b,
  );
  if (!isEmpty && isText && !start.toString("latin1").startsWith("PGDMP")) return;
  const isUtf16 = head.length > 1 && (head.readUInt16LE() === 0xfeff || head.readUInt16BE() === 0xfeff);
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: isUtf16
      ? "the file is text in UTF-16, which no server takes"
      : isEmpty
        ? "the file is empty"
        : "the file is no SQL script",
    hint: isUtf16
      ? "convert it (iconv -f UTF-16 -t UTF-8), or dump with --result-file instead of > in PowerShell"
      : "give a script of dbbackup, mysqldump or mariadb-dump",
  });
}
