import * as v from "valibot";

const schema = v.looseObject({
  backup: v.string(),
  database: v.string(),
  output: v.optional(v.string()),
  timestamp: v.string(),
});

/** A backup that is being made, as its first announcement says. */
export interface AnnouncedBackup {
  /** The id that its metadata will have. */
  readonly id: string;
  readonly database: string;
  /** Set when the user named the place: the name there. */
  readonly output: string | undefined;
  /** When it began. */
  readonly timestamp: string;
}

/** The line that says so. */
export function announcedBackup({ id, database, output, timestamp }: AnnouncedBackup): string {
  return JSON.stringify({ backup: id, database, output, timestamp });
}

/** Reads the line; undefined when it is another. */
export function readAnnouncedBackup(line: string): AnnouncedBackup | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(line));
    if (!result.success) return undefined;
    const { backup: id, database, output, timestamp } = result.output;
    return { id, database, output, timestamp };
  } catch {
    return undefined;
  }
}
