/** A restricted execution window, as a definition has it. */
import type { ExecutionWindow, HoursOfDay, Jitter } from "../window.js";
import { Fields } from "./fields.js";

/** Its form alone: what its numbers must be is {@link ../window.ts}'s to say. */
export function readWindow(fields: Fields): ExecutionWindow {
  const days = fields.list("days", (found, path) => {
    if (typeof found === "number") return found;
    fields.issues.push({ path, message: "expected a number from 1 (Sunday) to 7 (Saturday)" });
    return undefined;
  });
  const whitelist = fields.list("whitelist", (found, path) => {
    const hours = Fields.of(found, path, fields.issues);
    return hours === undefined ? undefined : readHours(hours);
  });
  const jitter = fields.inside("jitter", readJitter);
  const timezone = fields.name("timezone");
  return {
    ...(days === undefined ? {} : { days }),
    ...(whitelist === undefined ? {} : { whitelist }),
    ...(jitter === undefined ? {} : { jitter }),
    ...(timezone === undefined ? {} : { timezone }),
  };
}

function readHours(fields: Fields): HoursOfDay {
  const number = (name: string): number => fields.required(name, "a number", asNumber, 0);
  return {
    startHour: number("startHour"),
    startMin: number("startMin"),
    endHour: number("endHour"),
    endMin: number("endMin"),
  };
}

function readJitter(fields: Fields): Jitter {
  return {
    enabled: fields.flag("enabled", false),
    minDelay: fields.take("minDelay", "a number of seconds", asNumber) ?? 0,
    maxDelay: fields.take("maxDelay", "a number of seconds", asNumber) ?? 0,
    skipManual: fields.flag("skipManual", false),
  };
}

function asNumber(found: unknown): number | undefined {
  return typeof found === "number" ? found : undefined;
}
