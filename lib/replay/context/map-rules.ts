/** When a map stops, as numbers. */
import type { MapOptions } from "../../define/map.js";
import { InvalidDefinitionError } from "../../model/errors.js";

export interface MapRules {
  readonly concurrency: number;
  /** It stops at the first failure beyond them. */
  readonly tolerated: number;
  /** It stops once so many have succeeded; undefined when all are to end. */
  readonly enough: number | undefined;
  /** In words, for the error. */
  readonly rule: string;
}

/** Throws `InvalidDefinitionError`. */
export function mapRules(items: number, options: MapOptions): MapRules {
  const { concurrency = Number.POSITIVE_INFINITY, tolerate, minSuccessful } = options;
  if (concurrency !== Number.POSITIVE_INFINITY) checkWhole("concurrency", concurrency, 1);
  if (minSuccessful !== undefined) {
    checkWhole("minSuccessful", minSuccessful, 1);
    if (minSuccessful > items) {
      throw new InvalidDefinitionError(
        `ctx.map was asked for ${minSuccessful} successes of ${items} items. Expected minSuccessful to be at most the number of items.`,
      );
    }
  }
  const tolerated = toleratedOf(items, tolerate, minSuccessful);
  return {
    concurrency,
    tolerated,
    enough: minSuccessful,
    rule:
      tolerate === undefined && minSuccessful !== undefined
        ? `${minSuccessful} successes were asked for`
        : `${tolerated} may fail`,
  };
}

function toleratedOf(
  items: number,
  tolerate: MapOptions["tolerate"],
  minSuccessful: number | undefined,
): number {
  const impossible = items - (minSuccessful ?? 0);
  if (tolerate === undefined) return minSuccessful === undefined ? 0 : impossible;
  if ("failures" in tolerate) {
    checkWhole("tolerate.failures", tolerate.failures, 0);
    return Math.min(tolerate.failures, impossible);
  }
  const { percent } = tolerate;
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) {
    throw new InvalidDefinitionError(
      `tolerate.percent of ctx.map is ${String(percent)}. Expected a number from 0 to 100.`,
    );
  }
  return Math.min(Math.floor((items * percent) / 100), impossible);
}

function checkWhole(option: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && Number(value) >= least) return;
  throw new InvalidDefinitionError(
    `${option} of ctx.map is ${String(value)}. Expected a whole number from ${least} upward.`,
  );
}
