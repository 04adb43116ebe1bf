/** A moment as C's `struct tm` in the dumper's local time zone: archives do not tell which zone that was. */
export interface ArchiveTime {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  /** 0 is January. */
  readonly month: number;
  readonly year: number;
  /** 1 daylight saving time, 0 not, -1 unknown. */
  readonly daylightSaving: number;
}

/** The local time of a moment, in the time zone of this process. */
export function archiveTimeOf(moment: Date): ArchiveTime {
  return {
    second: moment.getSeconds(),
    minute: moment.getMinutes(),
    hour: moment.getHours(),
    day: moment.getDate(),
    month: moment.getMonth(),
    year: moment.getFullYear(),
    daylightSaving: isDaylightSaving(moment) ? 1 : 0,
  };
}

export function formatArchiveTime(time: ArchiveTime): string {
  const date = `${time.year}-${two(time.month + 1)}-${two(time.day)}`;
  return `${date} ${two(time.hour)}:${two(time.minute)}:${two(time.second)}`;
}

/** The name of this process' time zone at that local time, which may not be the writer's: `UTC`, `GMT+1`. */
export function zoneOfArchiveTime(time: ArchiveTime): string {
  const moment = new Date(time.year, time.month, time.day, time.hour, time.minute, time.second);
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(moment);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** The zone's offset is larger (in minutes behind UTC) in its standard time than in its daylight saving time. */
function isDaylightSaving(moment: Date): boolean {
  const year = moment.getFullYear();
  const standard = Math.max(new Date(year, 0, 1).getTimezoneOffset(), new Date(year, 6, 1).getTimezoneOffset());
  return moment.getTimezoneOffset() < standard;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
