import type { Option } from "./option.ts";

/** A thousand years of hours. */
const MOST = 10_000_000;

/** Which backups stay, and which may go. */
export const retentionOptions = [
  {
    name: "retention-days",
    type: "integer",
    min: 1,
    max: 100_000,
    placeholder: "N",
    config: "retention.days",
    help: "keep backups that are younger than N days; older ones may go",
  },
  {
    name: "min-backups",
    type: "integer",
    min: 1,
    max: MOST,
    placeholder: "N",
    config: "retention.min_backups",
    help: "keep the newest N of each database and kind, whatever the other rules say",
  },
  keep("last", "keep the newest N of each database and kind"),
  keep("hourly", "keep the newest of each of the last N hours that have one"),
  keep("daily", "the same for days"),
  keep("weekly", "the same for weeks, which begin on Mondays"),
  keep("monthly", "the same for months"),
  keep("yearly", "the same for years"),
  {
    name: "keep-tag",
    type: "text",
    placeholder: "NAME[=VALUE]",
    repeatable: true,
    environment: false,
    config: "retention.keep_tags",
    help: "keep backups that have this tag, whatever the other rules say",
  },
  {
    name: "until",
    type: "text",
    placeholder: "TIME",
    environment: false,
    default: "until it is released",
    help: "keep it until then: 2027-01-31 (to the end of the day, UTC) or 2027-01-31T12:00:00Z",
  },
  {
    name: "reason",
    type: "text",
    environment: false,
    help: "why, for people",
  },
] as const satisfies readonly Option[];

function keep<P extends string>(period: P, help: string) {
  return {
    name: `keep-${period}`,
    type: "integer",
    min: 1,
    max: MOST,
    placeholder: "N",
    config: `retention.keep_${period}`,
    help,
  } as const;
}
