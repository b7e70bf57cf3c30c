/**
 * What becomes of a batch of stream records after its invocation: pure, so that the rules can be read
 * and tested as a table.
 *
 * | outcome                          | then                                                      |
 * |----------------------------------|-----------------------------------------------------------|
 * | success                          | the checkpoint moves behind the batch                     |
 * | items reported as failed         | the checkpoint moves to the first of them; it is retried  |
 * | failed, retries left, bisect     | both halves, each with its own retries                    |
 * | failed, retries left             | the same batch again, after a growing pause               |
 * | failed, no retries left          | to the on-failure destination; the checkpoint moves on    |
 */

export interface StreamRetrySettings {
  /** -1 is for ever. */
  readonly retriesMax: number;
  readonly bisect: boolean;
}

export interface Work<R> {
  readonly records: readonly R[];
  /** From 1. */
  readonly attempt: number;
}

export type StreamVerdict<R> =
  | { readonly action: "done" }
  | { readonly action: "again"; readonly work: readonly Work<R>[]; readonly pauseMs: number }
  | { readonly action: "give-up"; readonly records: readonly R[] };

const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 30_000;

/** `failedFrom` is the index of the first failed record; 0 when the whole batch failed, `undefined` on success. */
export const afterBatch = <R>(
  work: Work<R>,
  failedFrom: number | undefined,
  settings: StreamRetrySettings,
): StreamVerdict<R> => {
  if (failedFrom === undefined) return { action: "done" };
  const records = work.records.slice(failedFrom);
  const exhausted = settings.retriesMax >= 0 && work.attempt > settings.retriesMax;
  if (exhausted) return { action: "give-up", records };
  const pauseMs = Math.min(PAUSE_MS_FIRST * 2 ** (work.attempt - 1), PAUSE_MS_MAX);
  const attempt = work.attempt + 1;
  if (!settings.bisect || records.length < 2)
    return { action: "again", work: [{ records, attempt }], pauseMs };
  const half = Math.ceil(records.length / 2);
  return {
    action: "again",
    work: [
      { records: records.slice(0, half), attempt },
      { records: records.slice(half), attempt },
    ],
    pauseMs,
  };
};
