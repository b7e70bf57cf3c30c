/** What the directory knows of recurring starts: of each schedule one record, which says what became of its firings. */
import type { EpochMs } from "../../model/time.js";

export interface FiringRecord {
  /** The schedule's key. */
  readonly schedule: string;
  /** What the newest firing that was decided on was scheduled for. Those that come for an earlier time, or the same, were decided on. */
  readonly decidedFor: EpochMs;
  /** The last firing that was to start an execution. The execution is created after this is written. */
  readonly started: {
    readonly scheduledFor: EpochMs;
    readonly workflow: string;
    readonly executionId: string;
    /** When this was written. */
    readonly at: EpochMs;
  };
  /** The last of those that it was continued as, as far as the firings since then have looked. Absent: they have looked no further than itself. */
  readonly latest?: string;
  /** How many firings have started nothing since then. */
  readonly skipped: number;
  /** Rises with every change: the condition of the next one. */
  readonly revision: number;
}

export interface ScheduleStore {
  /** Strongly consistent. */
  readFirings(schedule: string): Promise<FiringRecord | undefined>;
  /** Condition: the revision before it is what stands there, or nothing for revision 1. A repeat of the same is `saved`. */
  saveFirings(record: FiringRecord): Promise<{ saved: boolean }>;
}
