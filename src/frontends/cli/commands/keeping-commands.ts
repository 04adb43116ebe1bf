import type { Command } from "../command.ts";
import { readingKeyNames } from "../key-sources.ts";
import { retentionNames } from "../retention-policy.ts";
import { idHelp } from "./argument-help.ts";

/** What keeps a repository in order. */
export const keepingCommands: readonly Command[] = [
  {
    words: ["cleanup"],
    summary: "remove what runs that died have left in a repository, and backups that no rule keeps",
    args: [],
    options: [...retentionNames, ...readingKeyNames, "dry-run", "confirm", "abandon-unfinished"],
    details: [
      "Removes what is no backup and never will be: works and unfinished uploads of runs that are dead, and uploads that no run has",
      "written down, after a day. Finishes removals that were interrupted. Nothing that a living run owns is touched; a run on",
      "another machine is taken for dead after 10 minutes of silence. Copies and backups that were interrupted and can go on are",
      "told of, and stay without --abandon-unfinished. Backups do the same for runs before them, but for the uploads and removals.",
      "Of the records of verifications of each backup the newest ten of each level and outcome stay. Holds, records and key files of a",
      "backup of which nothing else is there go after a day.",
      "With rules of retention (--retention-days, --keep-...), backups that none of them keeps are removed too; each database and kind",
      "counts by itself. The last good backup of a database always stays, the last one that was proved by a restore, what another one",
      "needs, what is on hold or locked, and encrypted backups that no key opens. --dry-run tells what would become of each, and why.",
      "When the clock of this machine may be wrong nothing is removed without --confirm. See docs/retention.md.",
    ],
    examples: [
      "dbbackup cleanup --repo s3://my-backups/shop --dry-run",
      "dbbackup cleanup --repo /var/backups --retention-days 30 --min-backups 3 --keep-tag release --dry-run",
      "dbbackup cleanup --repo /var/backups --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --json",
    ],
    isRecorded: true,
    load: () => import("../run/cleanup.ts"),
  },
  {
    words: ["status"],
    summary: "tell whether all databases are protected",
    args: [],
    options: ["max-age", "max-proof-age", "replica", ...readingKeyNames],
    details: [
      "One verdict, and a line for each database that has whole backups in the repository, or rules in [policies.databases.NAME] of",
      "the configuration file. failing: no good backup, the newest one or the last attempt of this machine came to a bad end. stale: the",
      "last good one is older than --max-age. unproved: none was restored for proof (verify --restore) since --max-proof-age. 3-2-1-1-0",
      "counts copies with the database, kinds of media, copies elsewhere, copies under object lock, and 0 errors of the newest backup,",
      "over the repository and each --replica. Ends with 1 unless all are protected and all metadata can be read.",
    ],
    examples: ["dbbackup status", "dbbackup status --max-age 8d --replica s3://my-backups/shop --json"],
    load: () => import("../run/status.ts"),
  },
  {
    words: ["history"],
    summary: "show what was done from this machine, and how it ended",
    args: [],
    options: ["database", "failed", "since", "limit"],
    details: [
      "Newest first: backups, restores, verifications, removals and copies, each with its outcome, duration and error. One whose process",
      "is gone without an end (kill -9, a power cut) is told as such. The history is kept in the catalogue of this machine alone.",
    ],
    examples: ["dbbackup history --database shop --since 7d", "dbbackup history --failed --json"],
    load: () => import("../run/history.ts"),
  },
  {
    words: ["catalog", "rebuild"],
    summary: "read repositories anew into the catalogue of this machine",
    args: [],
    options: ["replica"],
    details: [
      "Forgets what was read before, and reads the metadata of --repo and of each --replica, those of the configuration file included.",
      "The history stays. A catalogue that is damaged is put aside under another name, and its history is lost.",
    ],
    examples: [
      "dbbackup catalog rebuild",
      "dbbackup catalog rebuild --repo /var/backups --replica s3://my-backups/shop",
    ],
    load: () => import("../run/catalog-rebuild.ts"),
  },
  {
    words: ["hold"],
    summary: "keep backups from being removed",
    args: [{ name: "BACKUP", count: "many", help: idHelp }],
    options: ["until", "reason"],
    details: [
      "Writes a record beside each; cleanup and cloud delete leave a backup alone as long as one of its holds lasts. It binds dbbackup and",
      "nobody else: object lock (docs/storage.md) binds the storage.",
    ],
    examples: ["dbbackup hold latest:shop --until 2027-01-31 --reason 'before the move'"],
    isRecorded: true,
    load: () => import("../run/hold.ts"),
  },
  {
    words: ["release"],
    summary: "take all holds of backups back",
    args: [{ name: "BACKUP", count: "many", help: idHelp }],
    options: [],
    examples: ["dbbackup release latest:shop"],
    isRecorded: true,
    load: () => import("../run/release.ts"),
  },
];
