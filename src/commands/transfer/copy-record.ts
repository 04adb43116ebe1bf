import * as v from "valibot";

/** The note of a copy that is not finished: what it is. */
export interface CopyRecord {
  /** Of the backup. */
  readonly id: string;
  readonly database: string;
}

const schema = v.object({
  kind: v.literal("copy"),
  version: v.literal(1),
  id: v.pipe(v.string(), v.uuid()),
  database: v.string(),
});

export function formatCopyRecord({ id, database }: CopyRecord): string {
  return JSON.stringify({ kind: "copy", version: 1, id, database });
}

/** Undefined for the note of something else, or of another version. */
export function readCopyRecord(note: string): CopyRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(note);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, json);
  return parsed.success ? { id: parsed.output.id, database: parsed.output.database } : undefined;
}
