import { Duration } from "aws-cdk-lib";
import { HoldfastConfigError } from "../config-error.js";
import type { OperationsProps } from "./props.js";

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
    if (found instanceof Duration || (Number.isInteger(found) && found >= 0)) continue;
    throw new HoldfastConfigError({
      what: `The threshold \`${name}\` is not what an alarm could compare.`,
      expected: "a whole number from 0 on",
      found: String(found),
      next: "Leave it out for its default.",
    });
  }
}
