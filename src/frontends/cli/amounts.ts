/** Bytes for people, in powers of 1024: `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** A duration for people: `0.4 s`, `59 s`, `3:07`, `2:00:05`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}:${two(minutes % 60)}:${two(whole % 60)}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago, roughly: `now`, `5 min`, `3 h`, `12 d`, `2 y`; `in the future` for clocks that disagree. */
export function formatAge(seconds: number): string {
  if (seconds < -60) return "in the future";
  if (seconds < 60) return "now";
  const steps: readonly (readonly [number, string])[] = [
    [365.25 * 86_400, "y"],
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
  ];
  const [unit, name] = steps.find(([length]) => seconds >= length * 2) ?? steps.at(-1)!;
  return `${Math.floor(seconds / unit)} ${name}`;
}

/** A time of ISO 8601 for people: `2026-11-22 11:00:00`, in UTC. */
export function utcTime(timestamp: string): string {
  // What we write is in UTC already.
  const inUtc = timestamp.endsWith("Z") ? timestamp : new Date(timestamp).toISOString();
  return `${inUtc.slice(0, 10)} ${inUtc.slice(11, 19)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
