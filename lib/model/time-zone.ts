/** Time zones by their IANA names: what a clock on the wall shows, and when it shows it. The rules are those of the runtime's `Intl`. */
import type { EpochMs } from "./time.js";

/** What a clock on the wall shows, as the instant at which a clock in UTC shows the same: easy to reckon with, and no instant. */
export type WallMs = number;

const DAY_MS = 86_400_000;

/** EventBridge Scheduler takes 1 to 50 characters. Offsets such as `+02:00`, which `Intl` knows too, are no names. */
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,49}$/;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Where a name with a slash begins, and how its parts do. */
const PLACE =
  /^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(\/[A-Z][^/]*)+$/;

/** Whether EventBridge Scheduler knows the name: `Intl` takes `europe/vienna`, too, and it does not. */
export function isTimeZone(name: unknown): name is string {
  if (typeof name !== "string" || !NAME.test(name)) return false;
  try {
    const { timeZone } = formatOf(name).resolvedOptions();
    if (timeZone.toLowerCase() === name.toLowerCase()) return timeZone === name;
    // Another name of the zone, of which `Intl` does not say how it is spelled.
    return name.includes("/") ? PLACE.test(name) : name === name.toUpperCase() || /^[A-Z][a-z]/.test(name);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export function wallAt(zone: string, instant: EpochMs): WallMs {
  return instant + offsetAt(zone, instant);
}

/**
 * When the clocks of a zone show `wall`: the first time, where they are set back and show it twice. Undefined where they are set forward and
 * never show it.
 */
export function instantOf(zone: string, wall: WallMs): EpochMs | undefined {
  // No zone changes its offset twice within two days: it is one of these two.
  const offsets = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  const instants = offsets.map((offset) => wall - offset).filter((instant) => wallAt(zone, instant) === wall);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** What the zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(zone: string, instant: EpochMs): number {
  if (zone === "UTC") return 0;
  const second = Math.floor(instant / 1_000) * 1_000;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(second)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: seconds = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, format);
  return format;
}
