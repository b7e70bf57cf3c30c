/**
 * The clock of the local services. It runs `scale` times faster than the wall: delays, visibility and
 * schedules follow it, so that a wait of a day can be tested in minutes in real processes.
 *
 * Functions are given the same two numbers (HOLDFAST_TIME_SCALE, HOLDFAST_TIME_ORIGIN), so that both
 * sides agree what time it is. Lambda timeouts stay real: they bound real work.
 */

export interface ClockSettings {
  /** How many times faster than the wall. */
  readonly scale: number;
  /** The instant, in ms since 1970, at which this clock and the wall agree. */
  readonly originMs: number;
}

export interface Clock extends ClockSettings {
  /** Scaled time, in ms since 1970. */
  now(): number;
  /** Real milliseconds until the scaled instant; 0 when it has come. */
  realMsUntil(scaledMs: number): number;
}

export const scaledClock = (settings: ClockSettings, wall: () => number = Date.now): Clock => {
  const now = (): number => Math.floor(scaledTime(settings, wall()));
  return { ...settings, now, realMsUntil: (at) => Math.max(0, Math.ceil((at - now()) / settings.scale)) };
};

const scaledTime = ({ scale, originMs }: ClockSettings, realMs: number): number =>
  originMs + (realMs - originMs) * scale;

/** What a stopped cloud leaves behind about its clock. */
export interface SavedClock extends ClockSettings {
  /** Its scaled time when it was last saved. */
  readonly nowMs: number;
}

/**
 * Chooses the origin of a cloud's clock, so that time never runs backwards across a restart: leases and
 * due times in the tables were written by the old clock.
 *
 * | before            | now           | origin                                              |
 * |-------------------|---------------|-----------------------------------------------------|
 * | nothing           | any scale     | the wall's now                                      |
 * | same scale        | same scale    | the same: time went on while we were stopped        |
 * | another scale     | scale 1       | the wall; what was ahead of it becomes due later    |
 * | another scale     | scale above 1 | such that the clock goes on where it stood          |
 */
export const chooseOrigin = (saved: SavedClock | undefined, scale: number, wallMs: number): number => {
  if (saved === undefined) return wallMs;
  if (saved.scale === scale) return saved.originMs;
  if (scale === 1 || saved.nowMs <= wallMs) return wallMs;
  return Math.round((wallMs * scale - saved.nowMs) / (scale - 1));
};

/** A timer for one scaled instant. Node's timers end at 2^31 ms, so a far one is taken in hops. */
export const timerAt = (clock: Clock, atMs: number, fire: () => void): { cancel(): void } => {
  const HOP_MS_MAX = 60 * 60 * 1000;
  let handle: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const remaining = clock.realMsUntil(atMs);
    handle = setTimeout(
      () => (clock.realMsUntil(atMs) > 0 ? arm() : fire()),
      Math.min(remaining, HOP_MS_MAX),
    );
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
};
