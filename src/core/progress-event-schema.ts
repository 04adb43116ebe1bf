import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const head = {
  version: v.literal(1),
  time: v.pipe(v.string(), v.isoTimestamp()),
};

/**
 * One line of `--progress json`. Later versions only add events and fields: readers skip what they do not know.
 * Made into docs/schemas/progress-event-v1.json by `npm run build:schemas`.
 */
export const progressEventSchema = v.variant("event", [
  v.looseObject({ ...head, event: v.literal("phase"), phase: v.string(), message: v.string() }),
  v.looseObject({
    ...head,
    event: v.literal("estimate"),
    bytes: count,
    rows: count,
    objects: count,
    least_seconds: v.optional(count),
  }),
  v.looseObject({
    ...head,
    event: v.literal("sample"),
    rows_chosen: count,
    rows_referenced: count,
    bytes: count,
    tables: v.array(
      v.looseObject({ schema: v.string(), name: v.string(), rows_chosen: count, rows_referenced: count, bytes: count }),
    ),
  }),
  v.looseObject({ ...head, event: v.literal("snapshot"), xmin: v.string() }),
  v.looseObject({
    ...head,
    event: v.literal("progress"),
    bytes: count,
    rows: count,
    objects: count,
    seconds_left: v.optional(v.pipe(v.number(), v.minValue(0))),
  }),
  v.looseObject({ ...head, event: v.literal("object-start"), object: v.string() }),
  v.looseObject({ ...head, event: v.literal("object-end"), object: v.string(), rows: count, bytes: count }),
  v.looseObject({
    ...head,
    event: v.literal("warning"),
    message: v.string(),
    object: v.optional(v.string()),
    hint: v.optional(v.string()),
  }),
]);
