import type { Command } from "./command.ts";
import {
  backupOptionNames,
  connectionOptionNames,
  dumpOptionNames,
  type OptionName,
  restoreOptionNames,
} from "./options/options.ts";

const backupHelp = "a file, an id or the beginning of one, or latest:DB";

/** What of the shared options a restore takes. */
const restoreSelection: readonly OptionName[] = [
  "create",
  "clean",
  "if-exists",
  "schema-only",
  "data-only",
  "statistics-only",
  "no-schema",
  "no-data",
  "no-statistics",
  "section",
  "table",
  "schema",
  "exclude-schema",
  "filter",
  "strict-names",
  "no-owner",
  "no-privileges",
  "no-comments",
  "no-policies",
  "no-publications",
  "no-subscriptions",
  "no-security-labels",
  "no-tablespaces",
  "no-table-access-method",
];

/** What shapes each database's archive, and what is chosen of the server. */
const clusterBackupNames: readonly OptionName[] = [
  "db-type",
  "format",
  "compression",
  "jobs",
  "split-larger-than",
  "statistics",
  "archive-version",
  "output",
  "database",
  "exclude-database",
  "globals-only",
  "no-role-passwords",
  "allow-extension",
];

/** What of a cluster's backup is restored, and how each of its databases is. */
const clusterRestoreNames: readonly OptionName[] = [
  "database",
  "exclude-database",
  "globals-only",
  "roles-only",
  "tablespaces-only",
  "tablespace-map",
  "no-role-passwords",
  "jobs",
  "clean",
  "on-error",
  "schema-only",
  "no-statistics",
  "no-owner",
  "no-privileges",
  "no-comments",
  "no-policies",
  "no-publications",
  "no-subscriptions",
  "no-security-labels",
  "no-tablespaces",
  "no-table-access-method",
  "dry-run",
  "verify-first",
  "confirm",
  "untrusted",
  "max-plain-size",
  "allow-extension",
];

/** What of the shared options a backup takes. */
const backupSelection: readonly OptionName[] = ["schema", "exclude-schema", "table", "filter", "strict-names"];

/** Every command that is built, in the order of help. What is not here is an unknown command. */
export const commands: readonly Command[] = [
  {
    words: ["backup", "single"],
    summary: "back up one database",
    args: [{ name: "DB", count: "one", help: "the database" }],
    options: [
      ...connectionOptionNames,
      ...backupOptionNames,
      ...backupSelection,
      ...dumpOptionNames,
      "allow-extension",
    ],
    details: [
      "Reads the database in one consistent snapshot over the server's own protocol; no client programs are needed.",
      "The backup exists when its metadata does, which is written last: an interrupted run leaves nothing that is listed.",
      "Roles, tablespaces and other databases are not in it; what is left out is said and kept in the metadata.",
    ],
    examples: [
      "dbbackup backup single shop",
      "dbbackup backup single shop --url postgres://backup@db1:5432 --repo /var/backups --compression zstd",
      "dbbackup backup single shop --format plain --output shop.sql.gz --compression gzip",
    ],
    load: () => import("./run/backup-single.ts"),
  },
  {
    words: ["backup", "cluster"],
    summary: "back up all databases of a server, and what belongs to the server as a whole",
    args: [],
    options: [...connectionOptionNames, ...clusterBackupNames],
    details: [
      "Writes a folder: a script with roles, memberships, tablespaces and their settings, as pg_dumpall writes it, and an",
      "archive of each database, one after another, each in a consistent snapshot of its own, with its metadata.",
      "A database that fails is named, the others are backed up all the same, and the exit status is 3.",
      "Without superuser rights the passwords of roles cannot be read: what is missing is said and kept in the metadata.",
    ],
    examples: [
      "dbbackup backup cluster --url postgres://backup@db1:5432 --repo /var/backups",
      "dbbackup backup cluster --exclude-database 'test*' --compression zstd",
      "dbbackup backup cluster --globals-only --no-role-passwords",
    ],
    load: () => import("./run/backup-cluster.ts"),
  },
  {
    words: ["restore", "single"],
    summary: "restore one database",
    args: [{ name: "BACKUP", count: "one", help: `${backupHelp}; - for standard input` }],
    options: [...connectionOptionNames, "jobs", ...restoreOptionNames, ...restoreSelection, "allow-extension"],
    details: [
      "Takes backups of dbbackup, archives of pg_dump -Fc and plain scripts of pg_dump, also compressed ones.",
      "What would be in the way (missing roles, extensions, tablespaces, objects that exist, too little disk) is listed",
      "before anything is touched. A database that is not empty is only written to with --confirm.",
      "Restoring runs the code that is in the backup: --dry-run lists what needs trust.",
    ],
    examples: [
      "dbbackup restore single latest:shop --create --target shop_copy",
      "dbbackup restore single shop.dump --table sales.orders --target scratch --confirm",
      "dbbackup restore single latest:shop --dry-run",
    ],
    load: () => import("./run/restore-single.ts"),
  },
  {
    words: ["restore", "cluster"],
    summary: "restore a server's globals and databases, or some of them",
    args: [{ name: "BACKUP", count: "one", help: "a folder, an id or the beginning of one, or latest:cluster" }],
    options: [...connectionOptionNames, ...clusterRestoreNames],
    details: [
      "Restores roles, memberships, settings and tablespaces first, then one database after another; with --database only",
      "the databases that match, and no globals. template1 and postgres are restored into those that the server has.",
      "Roles, tablespaces and databases that exist are listed before anything is touched, and only changed with --confirm.",
      "A statement or database that fails is named, the rest is restored all the same, and the exit status is 3.",
    ],
    examples: [
      "dbbackup restore cluster latest:cluster --url postgres://postgres@db2:5432 --dry-run",
      "dbbackup restore cluster latest:cluster --tablespace-map fast=/srv/fast",
      "dbbackup restore cluster 0197a3c2 --database 'shop*'",
    ],
    load: () => import("./run/restore-cluster.ts"),
  },
  {
    words: ["list"],
    summary: "list the backups of the repository",
    args: [],
    options: [],
    details: [
      "Oldest first. With --json an array of their metadata. Ends with 3 when metadata cannot be read, or a file that it",
      "names is missing or has another size.",
    ],
    examples: ["dbbackup list", "dbbackup list --repo /var/backups --json"],
    load: () => import("./run/list.ts"),
  },
  {
    words: ["show"],
    summary: "show what is known of a backup",
    args: [{ name: "BACKUP", count: "one", help: backupHelp }],
    options: [],
    examples: ["dbbackup show latest:shop", "dbbackup show 0197a3c2 --json"],
    load: () => import("./run/show.ts"),
  },
  {
    words: ["verify"],
    summary: "check stored bytes against metadata and decode everything",
    args: [{ name: "BACKUP", count: "many", help: backupHelp }],
    options: ["max-plain-size"],
    details: [
      "Compares size and SHA-256 of each file with the metadata, then decodes every block, counts the rows of each table",
      "and computes their checksums. An archive or script of pg_dump, without metadata of ours, is checked for structure",
      "and decoding. Ends with 4 when damage is found; goes on with the other backups.",
    ],
    examples: ["dbbackup verify latest:shop", "dbbackup verify /var/backups/*.dump --json"],
    load: () => import("./run/verify.ts"),
  },
  {
    words: ["compare"],
    summary: "compare two databases: schema and rows; or a database and a backup: rows",
    args: [
      { name: "A", count: "one", help: "a database, as postgres://user@host:port/database" },
      { name: "B", count: "one", help: `another one, on any server; or a backup: ${backupHelp}` },
    ],
    options: ["schema-only"],
    details: [
      "Reads databases in one snapshot each, and changes nothing. Schemas are compared by queries that have nothing in",
      "common with those of a backup; rows by their number and by a hash that does not depend on their order. With a",
      "backup, the number of rows and the row checksums in its metadata are compared with those of the database.",
      "Ends with 0 when both hold the same, and with 4 when they differ, saying in what.",
    ],
    examples: [
      "dbbackup compare postgres://db1/shop postgres://db2/shop",
      "dbbackup compare postgres:///shop postgres:///shop_restored --json",
      "dbbackup compare postgres:///shop latest:shop",
    ],
    load: () => import("./run/compare.ts"),
  },
  {
    words: ["preflight"],
    summary: "look at what would make a backup of a database fail, or incomplete",
    args: [{ name: "DB", count: "one", help: "the database" }],
    options: [...connectionOptionNames, "allow-extension"],
    details: [
      "Connects, looks at rights, objects, locks and sizes, tries to write into the repository, and says what a backup",
      "will not hold. Changes nothing on the server. Ends with 1 when a backup would fail.",
    ],
    examples: ["dbbackup preflight shop --repo /var/backups"],
    load: () => import("./run/preflight.ts"),
  },
  {
    words: ["demo"],
    summary: "show the main job on an embedded PostgreSQL server with a sample database",
    args: [],
    options: ["keep"],
    details: [
      "Starts a real PostgreSQL server in a temporary folder, reachable over a private Unix socket only, and loads a",
      "sample shop database. When it ends, the server and all its files are gone, unless --keep is given.",
    ],
    load: () => import("./run/demo.ts"),
  },
];
