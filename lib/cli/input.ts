/** What the command line gives as text. JSON: the text itself, `@file`, or `-` for standard input. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Duration } from "../model/time.js";
import { UsageError } from "./exit.js";

/** Throws {@link UsageError}. */
export async function readJson(given: string, option: string): Promise<unknown> {
  const source = await sourceOf(given, option);
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

/** Throws {@link UsageError}. */
export function durationOption(given: string, option: string): Duration {
  if (isDuration(given)) return given;
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
