import { BackupError } from "../../core/backup-error.ts";

/** Seconds, by the letter behind a number. */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A time that an option names. A day by itself is its beginning, or its end.
 * @param option its name
 * @throws BackupError USAGE when it is none
 */
export function readTime(option: string, text: string, day: "begins" | "ends"): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const ofDay = day === "ends" ? "T23:59:59.999Z" : "T00:00:00.000Z";
  const time = new Date(isDay ? `${text}${ofDay}` : isTime ? text : Number.NaN);
  // Of the 31st of February Date makes the 3rd of March.
  const isReal = !Number.isNaN(time.getTime()) && (!isDay || time.toISOString().startsWith(text));
  if (isReal) return time;
  throw refusedTime(option, text, "is no time", "write it as 2027-01-31 or 2027-01-31T12:00:00Z");
}

/** As {@link readTime}, or a time that is so long ago: `7d`. @throws BackupError USAGE */
export function readPastTime(option: string, text: string, now: Date, day: "begins" | "ends"): Date {
  const [, count = "", unit = ""] = /^(\d{1,9})([smhd])$/i.exec(text) ?? [];
  if (count === "") return readTime(option, text, day);
  return new Date(now.getTime() - Number(count) * units[unit.toLowerCase()]! * 1000);
}

export function refusedTime(option: string, text: string, why: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message: `--${option} "${text}" ${why}`, hint });
}
