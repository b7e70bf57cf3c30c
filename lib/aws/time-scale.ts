/** How fast time runs. Only a local cloud scales it, so that a wait of a day can be tested in real processes. */
import type { EpochMs } from "../model/time.js";
import { SettingMissingError } from "./setting-missing-error.js";

export interface TimeScale {
  /** How many times faster than the wall. */
  readonly scale: number;
  /** The instant at which scaled time and the wall agree. */
  readonly origin: EpochMs;
}

export const REAL_TIME: TimeScale = { scale: 1, origin: 0 };

/** Reads the two variables; both absent is real time. */
export function checkTimeScale(scale: string | undefined, origin: string | undefined): TimeScale {
  if (scale === undefined || scale === "") return REAL_TIME;
  const time = { scale: Number(scale), origin: Number(origin ?? "0") };
  if (Number.isFinite(time.scale) && time.scale > 0 && Number.isFinite(time.origin)) return time;
  throw new SettingMissingError(
    `HOLDFAST_TIME_SCALE must be a number above 0 and HOLDFAST_TIME_ORIGIN an instant in milliseconds; found ${JSON.stringify(scale)} and ${JSON.stringify(origin)}.`,
    "Leave both unset, unless a local cloud sets them.",
  );
}
