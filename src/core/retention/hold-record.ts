import * as v from "valibot";

/** A sentence or two; a larger file is none of ours. */
export const MAX_HOLD_BYTES = 64 * 1024;

const schema = v.looseObject({
  kind: v.literal("hold"),
  version: v.literal(1),
  backup_id: v.string(),
  since: v.pipe(v.string(), v.isoTimestamp()),
  until: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  reason: v.optional(v.string()),
});

/** That a backup is not to be removed, stored beside it as `NAME.TIME.hold.json`, one for each time it was said. */
export interface Hold {
  /** `id` of the backup's metadata. */
  readonly backupId: string;
  /** When it was said. */
  readonly since: Date;
  /** Missing: until it is released. */
  readonly until?: Date;
  readonly reason?: string;
}

export function formatHold({ backupId, since, until, reason }: Hold): string {
  const text = { backup_id: backupId, since: since.toISOString(), until: until?.toISOString() ?? null };
  return `${JSON.stringify({ kind: "hold", version: 1, ...text, ...(reason === undefined ? {} : { reason }) }, undefined, 2)}\n`;
}

/** Undefined for a file that is no such record, or of a later version: whoever finds one must take the backup for held. */
export function parseHold(text: string): Hold | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return undefined;
  const { backup_id: backupId, since, until, reason } = parsed.output;
  return {
    backupId,
    since: new Date(since),
    ...(until === null ? {} : { until: new Date(until) }),
    ...(reason === undefined ? {} : { reason }),
  };
}
