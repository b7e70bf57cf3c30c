/** How one run of a random program is disturbed. */
export interface Mode {
  readonly name: string;
  /** How many seeds every test run takes. */
  readonly seeds: number;
  readonly crashes: number;
  readonly cancels?: boolean;
  readonly slow?: boolean;
  readonly deterministic?: boolean;
  /** A worker with so little time yields again and again. */
  readonly workerTimeoutMs?: number;
  /** It is paused for a while. */
  readonly pauses?: boolean;
  /** The relay is off for a while, and wakes come twice. */
  readonly unreliable?: boolean;
  /** All processes die at once. */
  readonly killed?: boolean;
  readonly terminates?: boolean;
  /** Its code begins a while after it was created. */
  readonly delayed?: boolean;
  /** By the start function, which runs its first turn itself. */
  readonly startedByEvent?: boolean;
  /** By somebody who invokes the start function and waits a little for its end: the first turn runs there. He may give up when he is not answered. */
  readonly startedInline?: "persistently" | "once";
  /** Somebody else starts it once more, while it runs or after it. */
  readonly startedAgain?: boolean;
  /** It is redriven when it has failed. */
  readonly redrives?: boolean;
}
