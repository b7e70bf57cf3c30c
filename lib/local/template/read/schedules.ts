/** `AWS::Scheduler::ScheduleGroup` and `AWS::Scheduler::Schedule`. */
import { readSchedule, ScheduleRefused } from "../../scheduler/read-schedule.js";
import type { Schedule } from "../../scheduler/schedules.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export const readGroup = (resource: Resource, report: ReportIgnored): string => {
  account(resource, { used: ["Name"], harmless: ["Tags"] }, report);
  return resource.identity.name;
};

const USED = [
  "Name",
  "GroupName",
  "ScheduleExpression",
  "ScheduleExpressionTimezone",
  "FlexibleTimeWindow",
  "Target",
  "State",
  "StartDate",
  "EndDate",
];

/** A schedule that can't be kept here is reported, not fatal: the rest of the app still runs. */
export const readTemplateSchedule = (
  resource: Resource,
  nowMs: number,
  report: ReportIgnored,
): Schedule | undefined => {
  const { properties, identity } = resource;
  account(resource, { used: USED, harmless: ["Description", "KmsKeyArn"] }, report);
  try {
    const id = { group: properties.string("GroupName") ?? "default", name: identity.name };
    return readSchedule(id, properties, nowMs, "template");
  } catch (error) {
    if (!(error instanceof ScheduleRefused)) throw error;
    report(resource, error.message);
    return undefined;
  }
};
