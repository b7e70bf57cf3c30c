/**
 * Numbered behaviours of the engine that a history relies on. Every execution keeps, from its creation, the numbers that were in force; a
 * release that changes what a replay makes of the same history gives the new behaviour a number, and asks for it before it applies it. So
 * a history is always replayed as it was recorded.
 *
 * | flag | behaviour |
 * |------|-----------|
 * | 1    | a message goes to the newest pending wait of its subject (I11); the digest of requests is `askedDigest` over their paths |
 */
import { UnknownEngineFlagError } from "../model/errors.js";

/** What new executions are recorded with. */
export const CURRENT_FLAGS: readonly number[] = [1];

/** Throws {@link UnknownEngineFlagError} for a history that a later release recorded: this one would misread it. */
export function checkFlags(executionId: string, flags: readonly number[]): void {
  const unknown = flags.filter((flag) => !CURRENT_FLAGS.includes(flag));
  if (unknown.length > 0) throw new UnknownEngineFlagError(executionId, unknown, CURRENT_FLAGS);
}
