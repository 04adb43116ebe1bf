import { foreignFile } from "../../common/foreign-file.ts";

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
  throw foreignFile(head, {
    message: "the file is no SQL script",
    hint: "give a script of dbbackup, mysqldump or mariadb-dump",
  });
}
