import * as v from "valibot";
import { verificationLevels } from "./verification-level.ts";

const text = (description: string) => v.pipe(v.string(), v.description(description));
const count = (description: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
const seconds = (description: string) => v.pipe(v.number(), v.minValue(0), v.description(description));

const findingSchema = v.looseObject({
  object: text("What it is about: a table, an index, an artifact"),
  message: text("What is wrong with it"),
});

const placeSchema = v.looseObject({
  artifact: text("The file"),
  offset: count("Of the first byte, in the file as it is stored"),
  length: count("Bytes; 0 where something is missing"),
  frames: v.optional(
    v.pipe(
      v.looseObject({ first: count("The first"), last: count("The last") }),
      v.description("Of an encrypted file: its frames, counted from 0"),
    ),
  ),
  object: text("What lies there"),
  message: text("What is wrong with it"),
});

const salvageSchema = v.looseObject({
  can_be_salvaged: v.pipe(v.boolean(), v.description("`restore single --salvage` takes it")),
  more_places: count("Damaged places that are not listed"),
  unusable: v.optional(text("Why nothing of it can be restored")),
  tables: count("Tables with rows in the backup"),
  whole_tables: count("How many of them are whole"),
  damaged_tables: v.pipe(
    v.array(v.looseObject({ database: v.optional(v.string()), schema: v.string(), name: v.string() })),
    v.description("The first of those that are not"),
  ),
  damaged_others: v.pipe(v.array(v.string()), v.description("The first of other data that is not whole")),
  definitions_unproved: v.pipe(
    v.boolean(),
    v.description("Nothing but the hash of the whole file proves the definitions"),
  ),
});

const checkSchema = v.looseObject({
  sql: text("The query of `--check`"),
  status: v.pipe(v.picklist(["ok", "rows", "error"]), v.description("`ok`: it gave no row")),
  rows: v.optional(v.pipe(v.array(v.string()), v.description("The first rows that it gave"))),
  has_more: v.optional(v.pipe(v.boolean(), v.description("It gave more rows than these"))),
  error: v.optional(text("Why it could not be run")),
});

/**
 * The result of a verification, stored beside the backup as `NAME.TIME-LEVEL-STATUS.verify.json`, one for each run. Later
 * versions only add: readers keep and ignore what they do not know. Those of other levels than `restore` have no `server`, so
 * that readers that know of no levels pass them over.
 */
export const verificationSchema = v.looseObject({
  version: v.pipe(v.literal(1), v.description("Version of this format")),
  id: text("Unique name of this verification, a UUID of version 7"),
  timestamp: v.pipe(v.string(), v.isoTimestamp(), v.description("When it began")),
  backup: text("Name of the file or folder that the backup is"),
  backup_id: v.optional(text("`id` of the backup's metadata")),
  database: v.optional(text("Name of the database that the backup was made of")),
  status: v.pipe(
    v.picklist(["ok", "damaged"]),
    v.description("`damaged`: something is not as it was, or a check gave rows"),
  ),
  tool: v.looseObject({ name: v.string(), version: v.string() }),
  level: v.optional(
    v.pipe(
      v.picklist(verificationLevels),
      v.description("How closely it was looked at; `restore` when it is missing, as in records of dbbackup before it"),
    ),
  ),
  server: v.optional(
    v.looseObject({
      kind: v.pipe(
        v.picklist(["throw-away", "given"]),
        v.description("A server that was started for it, or that of `--server`; of level `restore` only"),
      ),
      version: v.optional(text("As the server says it")),
    }),
  ),
  duration_seconds: seconds("How long all of it took"),
  recovery_seconds: v.optional(seconds("How long the restore alone took: the measured recovery time")),
  phases: v.pipe(
    v.array(v.looseObject({ phase: v.string(), seconds: seconds("How long it took") })),
    v.description(
      "`server`, `restore`, `objects`, `rows`, `constraints`, `indexes`, `checks`, in their order; `stored` where nothing was restored",
    ),
  ),
  counts: v.pipe(
    v.record(v.string(), count("How many were looked at")),
    v.description("`tables`, `rows`, `indexes`, ..."),
  ),
  damage_count: count("Findings in all"),
  damage: v.pipe(v.array(findingSchema), v.description("The first of them")),
  damaged_places: v.optional(
    v.pipe(v.array(placeSchema), v.description("Where it is damaged; missing where the format lets nobody know")),
  ),
  salvage: v.optional(v.pipe(salvageSchema, v.description("What can be restored all the same"))),
  notes: v.pipe(v.array(v.string()), v.description("What could not be checked, and why")),
  checks: v.array(checkSchema),
  mac: v.optional(
    text(
      "Of an encrypted backup: HMAC-SHA-256, in hexadecimal, of all other fields, with a key that only keys of the backup give",
    ),
  ),
});

export type Verification = v.InferOutput<typeof verificationSchema>;
export type VerificationCheck = Verification["checks"][number];
