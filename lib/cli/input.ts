/**
 * What the command line gives as text. JSON: the text itself, `@file`, or `-` for standard input. A command reads all of it before it asks
 * which deployment is meant: what is wrong with a command line is not found out over the network.
 */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { InvalidArgumentError } from "commander";
import { LONGEST_EXECUTION_ID } from "../model/ids.js";
import { shown } from "../model/shown.js";
import { storable } from "../model/storable.js";
import { type Duration, durationMs } from "../model/time.js";
import { UsageError } from "./exit.js";

/** Throws {@link UsageError}; `PayloadTooLargeError` for what no execution could keep. */
export async function readJson(given: string, option: string): Promise<unknown> {
  const value = parsed(await sourceOf(given, option), option);
  storable(value, `The value of ${option}`);
  return value;
}

function parsed(source: string, option: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new UsageError(
      `${option} is no JSON: ${error instanceof Error ? error.message : String(error)}\nExpected JSON such as '{"id":"o-1"}', @file.json for a file, or - for standard input. Found: ${source.trim().slice(0, 100) || "nothing"}`,
    );
  }
}

async function sourceOf(given: string, option: string): Promise<string> {
  if (given === "-") return text(process.stdin);
  if (!given.startsWith("@")) return given;
  try {
    return readFileSync(given.slice(1), "utf8");
  } catch (error) {
    throw new UsageError(
      `${option} names a file that can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/**
 * The id of an execution that is there already. One that the engine derived may begin with a sign, so less is asked of it than of an id
 * that a user chooses for a new one. Throws {@link UsageError}.
 */
export function checkIdArgument(given: string): void {
  if (/^[!-~]+$/.test(given) && given.length <= LONGEST_EXECUTION_ID) return;
  throw new UsageError(
    `${shown(given)} is no execution id. Expected 1 to ${LONGEST_EXECUTION_ID} characters without spaces, as holdfast list shows it.`,
  );
}

/** Throws {@link UsageError}; `InvalidDurationError` for one that is too long. */
export function durationOption(given: string, option: string): Duration {
  if (isDuration(given)) {
    durationMs(given);
    return given;
  }
  throw new UsageError(`${option} is no duration: "${given}". Expected text such as 90s, 15m, 2h or 3d.`);
}

function isDuration(given: string): given is Extract<Duration, string> {
  return /^\d+(\.\d+)?(ms|s|m|h|d|w)$/.test(given);
}

/** An instant as the tables show it (local time; a day alone is its beginning), or in ISO 8601 with its zone. */
export function readInstant(given: string): Date | undefined {
  const [, day, time = "00:00", zone = ""] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(given) ?? [];
  const found = new Date(`${day}T${time}${zone}`);
  return Number.isNaN(found.getTime()) ? undefined : found;
}

/** An option that is an instant. */
export function instantArgument(given: string): Date {
  const found = readInstant(given);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    'Expected an instant such as 2026-01-31, "2026-01-31 17:05" or 2026-01-31T16:05Z.',
  );
}

/** How many of a listing are wanted. */
export function readLimit(given: string): number {
  const count = Number(given);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("Expected a whole number from 1 to 1000.");
}
