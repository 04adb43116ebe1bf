import type { Command } from "../command.ts";
import { connectionOptionNames, mysqlConnectionOptionNames } from "../options/options.ts";

export const initCommand: Command = {
  words: ["init"],
  summary: "take a first backup: find a server, restore the backup for proof, write a configuration file",
  args: [{ name: "DB", count: "optional", help: "the database; asked for where there are several" }],
  options: [
    ...connectionOptionNames,
    ...mysqlConnectionOptionNames,
    "key-file",
    "no-encrypt",
    "no-proof",
    "write-config",
    "yes",
    "no-input",
    "dry-run",
  ],
  details: [
    "Looks for servers where their own clients do: settings, Unix sockets, 127.0.0.1; no network is searched. Asks where the",
    "backups and their key go, with an answer that Enter takes, shows the rights that a backup needs, and makes nothing before the",
    "last question. Then it makes the key, takes a backup, restores it into a server that is thrown away, and writes",
    "dbbackup.toml, or what --write-config names; a file that is there is never written over. The files of the server of the proof hold",
    "the rows in clear, in the folder for temporary files. Interrupted, it leaves nothing. Ends with 3 when the proof could not be tried.",
  ],
  examples: [
    "dbbackup init",
    "dbbackup init --yes",
    "dbbackup init shop --url postgres://postgres@127.0.0.1 --repo /var/backups --key-file /etc/dbbackup.key --no-input",
    "dbbackup init --dry-run --yes",
  ],
  readsConfigItself: true,
  load: () => import("../run/init.ts"),
};
