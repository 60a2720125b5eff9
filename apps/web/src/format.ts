const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const clockSeconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const fullTime = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const grouped = new Intl.NumberFormat("en");

/** `14:02`, in the reader's time zone. */
export function formatClock(time: string): string {
  return clock.format(new Date(time));
}

/** `14:02:07`. */
export function formatClockSeconds(time: string): string {
  return clockSeconds.format(new Date(time));
}

/** Date and time to the second, for details and titles. */
export function formatTime(time: string): string {
  return fullTime.format(new Date(time));
}

/** `12,408`. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** `1 file`, `3 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const units = ["B", "KB", "MB", "GB", "TB"];

/** Bytes in decimal units with three digits at most: `512 B`, `23 MB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

const steps: [limit: number, size: number, unit: string][] = [
  [60, 1, "s"],
  [3600, 60, "m"],
  [86_400, 3600, "h"],
  [86_400 * 60, 86_400, "d"],
  [86_400 * 730, 86_400 * 30, "mo"],
];

/** How long ago, in one unit: `now`, `12s`, `3m`, `5h`, `6d`, `4mo`, `2y`. A time ahead is `now`. */
export function formatAge(time: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(time)) / 1000);
  if (!(seconds >= 1)) return "now";
  for (const [limit, size, unit] of steps) {
    if (seconds < limit) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${Math.floor(seconds / (86_400 * 365))}y`;
}

/** The first eight digits of a UUID: enough to tell two rows apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** The last name of an absolute path; the path itself where it has none. */
export function folderName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== "") ?? path;
}
