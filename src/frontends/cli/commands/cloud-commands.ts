import type { Command } from "../command.ts";
import { readingKeyNames } from "../key-sources.ts";
import type { OptionName } from "../options/options.ts";
import { backupHelp } from "./argument-help.ts";

/** Which backups are shown, and in which order. */
const listingNames: readonly OptionName[] = ["database", "kind", "since", "before", "sort", "reverse", "limit"];

/** What moves files to and from storages. */
export const cloudCommands: readonly Command[] = [
  {
    words: ["cloud", "upload"],
    summary: "copy finished backups into another repository",
    args: [{ name: "BACKUP", count: "some", help: `${backupHelp}; or --all` }],
    options: ["to", "all"],
    details: [
      "Files, metadata and key files are copied as they are; ids, names and encryption stay. What arrived is read back and compared",
      "with the metadata before it counts. An interrupted copy is no backup there; the same command goes on with it. Backups that",
      "are there already are passed over, but for key files that are new.",
    ],
    examples: [
      "dbbackup cloud upload latest:shop --to s3://my-backups/shop",
      "dbbackup cloud upload --all --repo /var/backups --to s3://my-backups/shop",
    ],
    isRecorded: true,
    load: () => import("../run/cloud-copy.ts"),
  },
  {
    words: ["cloud", "download"],
    summary: "copy finished backups from a bucket into a folder or another repository",
    args: [{ name: "BACKUP", count: "some", help: `${backupHelp}; or --all` }],
    options: ["to", "all"],
    details: ["The same as cloud upload, from the repository that --repo names."],
    examples: [
      "dbbackup cloud download latest:shop --repo s3://my-backups/shop --to ./backups",
      "dbbackup cloud download s3://my-backups/shop/shop_full_20260102T030405Z.dump --to /mnt/usb",
    ],
    isRecorded: true,
    load: () => import("../run/cloud-copy.ts"),
  },
  {
    words: ["cloud", "list"],
    summary: "list the backups of a repository",
    args: [],
    options: ["tag", ...listingNames, ...readingKeyNames],
    details: ["The same as list."],
    examples: ["dbbackup cloud list --repo s3://my-backups/shop"],
    load: () => import("../run/list.ts"),
  },
  {
    words: ["cloud", "delete"],
    summary: "remove backups from a repository, with all that belongs to them and nothing else",
    args: [{ name: "BACKUP", count: "many", help: "an id or the beginning of one, a name, or latest:DB" }],
    options: ["confirm", "dry-run"],
    details: [
      "Without --confirm it tells what would be removed. The metadata go first; what an interruption leaves behind them is removed by",
      "the next cloud delete, whatever that one removes.",
    ],
    examples: ["dbbackup cloud delete 019e1f30 --repo s3://my-backups/shop --confirm"],
    isRecorded: true,
    load: () => import("../run/cloud-delete.ts"),
  },
];
