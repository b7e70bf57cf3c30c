/** What a mistake in the configuration looks like; every field ends up in the message. */
export interface ConfigProblem {
  /** What happened, as a sentence. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** What to do next, as a sentence. */
  readonly next: string;
}

/**
 * A mistake in what was handed to a construct. It is thrown while the stack is synthesized, so nothing was deployed.
 */
export class HoldfastConfigError extends Error {
  override readonly name = "HoldfastConfigError";

  constructor(problem: ConfigProblem) {
    super(
      `${problem.what}\n  expected: ${problem.expected}\n  found:    ${problem.found}\n  next:     ${problem.next}`,
    );
  }
}
