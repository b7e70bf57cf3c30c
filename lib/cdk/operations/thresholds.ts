import { Duration, Token } from "aws-cdk-lib";
import { ownOf } from "../../model/own.js";
import { HoldfastConfigError } from "../config-error.js";
import type { AlarmThresholds, OperationsProps } from "./props.js";

/** Throws {@link HoldfastConfigError} for what an alarm could not compare, and for thresholds of alarms that nobody asked for. */
export function checkThresholds({ alarmActions, alarmThresholds }: OperationsProps): void {
  if (alarmThresholds === undefined) return;
  if (alarmActions === undefined)
    throw new HoldfastConfigError({
      what: "The prop `alarmThresholds` would have no effect: there are no alarms.",
      expected: "`alarmThresholds` together with `alarmActions`",
      found: "`alarmThresholds` alone",
      next: "Say what alarms do: `alarmActions: [new SnsAction(topic)]`, or `[]` for alarms that only show.",
    });
  for (const [name, found] of Object.entries(alarmThresholds)) {
    const kind = ownOf<Kind>(KINDS, name);
    if (found === undefined || (kind === "duration" && isDuration(found))) continue;
    if (kind === "count" && Number.isInteger(found) && found >= 0) continue;
    throw new HoldfastConfigError({
      what: `The threshold \`${name}\` is not what an alarm could compare.`,
      expected: kind === undefined ? `one of ${Object.keys(KINDS).join(", ")}` : EXPECTED[kind],
      found: kind === undefined ? name : shown(found),
      next: "Leave it out for its default.",
    });
  }
}

type Kind = "count" | "duration";

const KINDS: Readonly<Record<keyof AlarmThresholds, Kind>> = {
  setAside: "count",
  oldestMessage: "duration",
  relayBehind: "duration",
  stalled: "count",
  failed: "count",
  takeovers: "count",
  outgoingLost: "count",
  outgoingLate: "duration",
  lost: "count",
  errors: "count",
  throttled: "count",
};

const EXPECTED: Readonly<Record<Kind, string>> = {
  count: "a whole number from 0 on",
  duration: "a duration, such as Duration.minutes(15)",
};

function isDuration(found: unknown): boolean {
  return found instanceof Duration && !found.isUnresolved();
}

function shown(found: unknown): string {
  const isUnknown = Token.isUnresolved(found) || (found instanceof Duration && found.isUnresolved());
  return isUnknown ? "a value that is known at deployment only" : String(found);
}
