import * as v from "valibot";

const text = (description: string) => v.pipe(v.string(), v.description(description));
const count = (description: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
const seconds = (description: string) => v.pipe(v.number(), v.minValue(0), v.description(description));

const findingSchema = v.looseObject({
  object: text("What it is about: a table, an index, an artifact"),
  message: text("What is wrong with it"),
});

const checkSchema = v.looseObject({
  sql: text("The query of `--check`"),
  status: v.pipe(v.picklist(["ok", "rows", "error"]), v.description("`ok`: it gave no row")),
  rows: v.optional(v.pipe(v.array(v.string()), v.description("The first rows that it gave"))),
  has_more: v.optional(v.pipe(v.boolean(), v.description("It gave more rows than these"))),
  error: v.optional(text("Why it could not be run")),
});

/**
 * The result of `verify --restore`, stored beside the backup as `NAME.TIME.verify.json`, one for each run. Later versions
 * only add: readers keep and ignore what they do not know.
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
  server: v.looseObject({
    kind: v.pipe(
      v.picklist(["throw-away", "given"]),
      v.description("A server that was started for it, or that of `--server`"),
    ),
    version: v.optional(text("As the server says it")),
  }),
  duration_seconds: seconds("How long all of it took"),
  recovery_seconds: v.optional(seconds("How long the restore alone took: the measured recovery time")),
  phases: v.pipe(
    v.array(v.looseObject({ phase: v.string(), seconds: seconds("How long it took") })),
    v.description("`server`, `restore`, `objects`, `rows`, `constraints`, `indexes`, `checks`, in their order"),
  ),
  counts: v.pipe(
    v.record(v.string(), count("How many were looked at")),
    v.description("`tables`, `rows`, `indexes`, ..."),
  ),
  damage_count: count("Findings in all"),
  damage: v.pipe(v.array(findingSchema), v.description("The first of them")),
  notes: v.pipe(v.array(v.string()), v.description("What could not be checked, and why")),
  checks: v.array(checkSchema),
});

export type Verification = v.InferOutput<typeof verificationSchema>;
export type VerificationCheck = Verification["checks"][number];
