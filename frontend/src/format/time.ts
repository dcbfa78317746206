/** Say how long something took, in its two largest units: `0.4 s`, `12 s`, `3 min 4 s`, `2 h 5 min`, `3 d 1 h`. */
export function durationText(seconds: number): string {
  if (seconds <= 0) return "0 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

/** Say how long something has taken until now: as durationText, without a fraction that would only flicker. */
export function runningText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return whole < 10 ? `${whole} s` : durationText(whole);
}

/** Say how long ago something was, in one unit: `now`, `40 s`, `3 min`, `2 h`, `4 d`. */
export function ageText(seconds: number): string {
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function secondsBetween(start: string, end: string | number): number {
  return ((typeof end === "number" ? end : Date.parse(end)) - Date.parse(start)) / 1000;
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function momentText(at: string): string {
  return MOMENT.format(new Date(at));
}

/** Say the time of day, and the date as well where it is not today's. */
export function clockText(at: string): string {
  const moment = new Date(at);
  return (moment.toDateString() === new Date().toDateString() ? CLOCK : MOMENT).format(moment);
}
