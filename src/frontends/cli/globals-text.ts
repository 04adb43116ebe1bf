import { counted } from "../../core/counted.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";

/** What of a server as a whole is in a backup: `3 roles, 1 tablespace`; of MySQL and MariaDB `3 accounts`. */
export function globalsText({ globals, database_type: type }: BackupMetadata): string {
  const roles = globals?.roles ?? 0;
  if (type === "mysql" || type === "mariadb") return counted(roles, "account");
  return `${counted(roles, "role")}, ${counted(globals?.tablespaces ?? 0, "tablespace")}`;
}
