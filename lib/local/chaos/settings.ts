/**
 * What a cloud is to do wrong, as somebody asks for it, judged and made complete.
 *
 * | fault        | what happens                                                                       | of which services           |
 * |--------------|------------------------------------------------------------------------------------|-----------------------------|
 * | `throttled`  | the call is refused as AWS refuses too many of them                                | all that are called         |
 * | `failed`     | the call is answered with 500 or 503, and has no effect                            | all that are called         |
 * | `delayed`    | the call takes up to half a second longer                                          | all that are called         |
 * | `cut`        | the connection breaks before the call had an effect                                | all that are called         |
 * | `unanswered` | the connection breaks after it had one: the reply is lost                          | all that are called         |
 * | `conflict`   | a transaction meets another one that is under way                                  | dynamodb                    |
 * | `late`       | a message becomes visible up to half a minute later                                | sqs                         |
 * | `twice`      | a message, event, schedule, invocation or batch is delivered a second time         | sqs, eventbridge, scheduler, lambda, mappings |
 * | `killed`     | a function's process is killed in the middle of an invocation                      | lambda                      |
 */
import { randomInt } from "node:crypto";
import { type Duration, durationMs } from "../../model/time.js";
import { InvalidChaosError } from "./invalid-chaos-error.js";

export const CALLED_SERVICES = [
  "dynamodb",
  "s3",
  "sqs",
  "eventbridge",
  "scheduler",
  "lambda",
  "cloudformation",
] as const;
export const CHAOS_SERVICES = [...CALLED_SERVICES, "mappings"] as const;
export const CHAOS_FAULTS = [
  "throttled",
  "failed",
  "delayed",
  "cut",
  "unanswered",
  "conflict",
  "late",
  "twice",
  "killed",
] as const;

export type CalledService = (typeof CALLED_SERVICES)[number];
/** What calls, deliveries and invocations can be disturbed at. */
export type ChaosService = (typeof CHAOS_SERVICES)[number];
/** What can go wrong on purpose: the table stands in docs/local-cloud.md. */
export type ChaosFault = (typeof CHAOS_FAULTS)[number];

/** A rate alone, or more. */
export type ChaosOptions =
  | number
  | {
      /** The probability, from 0 to 1, with which each call, delivery and invocation meets a fault. */
      readonly rate: number;
      /** A whole number from 0 to 2^32 - 1. The same seed makes the same choices, as far as the same things happen; a random one by default. */
      readonly seed?: number;
      /** All by default. */
      readonly services?: readonly ChaosService[];
      /** All by default. */
      readonly faults?: readonly ChaosFault[];
      /**
       * Whatever the rate, each process of a function has a clock of its own, up to this much ahead of the cloud's or behind it.
       * Default: all have the cloud's.
       */
      readonly skew?: Duration;
    };

/** What goes wrong, with every setting decided. */
export interface ChaosSettings {
  readonly rate: number;
  readonly seed: number;
  readonly services: readonly ChaosService[];
  readonly faults: readonly ChaosFault[];
  /** The most by which a process's clock is off. */
  readonly skewMs: number;
}

const SEEDS = 2 ** 32;

/** `undefined` when nothing is to go wrong. Throws {@link InvalidChaosError}, and `InvalidDurationError` for the skew. */
export const chaosSettings = (options: ChaosOptions | undefined): ChaosSettings | undefined => {
  if (options === undefined) return undefined;
  const { rate, seed, services, faults, skew } = typeof options === "number" ? { rate: options } : options;
  if (typeof rate !== "number" || !(rate >= 0 && rate <= 1))
    throw new InvalidChaosError("rate", rate, "a probability from 0 to 1, such as 0.05");
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < SEEDS))
    throw new InvalidChaosError("seed", seed, "a whole number from 0 to 4294967295");
  refuseUnknown("services", services, CHAOS_SERVICES);
  refuseUnknown("faults", faults, CHAOS_FAULTS);
  const skewMs = skew === undefined ? 0 : durationMs(skew);
  if (rate === 0 && skewMs === 0) return undefined;
  return {
    rate,
    seed: seed ?? randomInt(SEEDS),
    services: services ?? CHAOS_SERVICES,
    faults: faults ?? CHAOS_FAULTS,
    skewMs,
  };
};

const refuseUnknown = (
  name: string,
  found: readonly string[] | undefined,
  known: readonly string[],
): void => {
  for (const one of found ?? [])
    if (!known.includes(one)) throw new InvalidChaosError(name, one, `one or more of ${known.join(", ")}`);
};
