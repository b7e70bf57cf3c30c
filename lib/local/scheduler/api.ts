/** EventBridge Scheduler on the wire: REST-JSON under `/schedules`. Parses, calls, answers. */
import { arn } from "../arn.js";
import { type Answer, ApiError, jsonAnswer, type Request } from "../http.js";
import { Fields, isObject, type JsonObject, tryParseJson } from "../json.js";
import { readSchedule, ScheduleRefused } from "./read-schedule.js";
import type { Schedule, Schedules } from "./schedules.js";

const PAGE_MAX = 100;

export const isSchedulerPath = (path: string): boolean =>
  path === "/schedules" || path.startsWith("/schedules/");

/** One call; `nowMs` is the scaled time at which it came. */
export const callScheduler = (request: Request, schedules: Schedules, nowMs: number): Answer => {
  if (request.path === "/schedules" && request.method === "GET") return list(request, schedules);
  const name = decodeURIComponent(request.path.slice("/schedules/".length));
  const input = bodyOf(request);
  const group = request.query.get("groupName") ?? input.string("GroupName") ?? "default";
  if (!schedules.hasGroup(group)) throw notFound(`Schedule group ${group} does not exist.`);
  const id = { group, name };
  switch (request.method) {
    case "POST":
      if (schedules.find(group, name) !== undefined)
        throw new ApiError("ConflictException", `Schedule ${name} already exists.`, 409);
      return store(read(id, input, nowMs), schedules);
    case "PUT": {
      const { createdAtMs } = existing(id, schedules);
      return store({ ...read(id, input, nowMs), createdAtMs }, schedules);
    }
    case "GET":
      return jsonAnswer(describe(existing(id, schedules)));
    case "DELETE":
      existing(id, schedules);
      schedules.delete(group, name);
      return jsonAnswer({});
    default:
      throw new ApiError(
        "UnknownOperationException",
        `The local Scheduler does not know ${request.method}.`,
        405,
      );
  }
};

const store = (schedule: Schedule, schedules: Schedules): Answer => {
  schedules.put(schedule);
  return jsonAnswer({ ScheduleArn: arn.schedule(schedule.group, schedule.name) });
};

const read = (id: { group: string; name: string }, input: Fields, nowMs: number): Schedule => {
  try {
    return readSchedule(id, input, nowMs, "api");
  } catch (error) {
    throw error instanceof ScheduleRefused ? validation(error.message) : error;
  }
};

const list = (request: Request, schedules: Schedules): Answer => {
  const group = request.query.get("ScheduleGroup");
  const prefix = request.query.get("NamePrefix") ?? "";
  const state = request.query.get("State");
  const limit = Math.min(Number(request.query.get("MaxResults") ?? PAGE_MAX), PAGE_MAX);
  const after = request.query.get("NextToken") ?? "";
  const found = schedules
    .all()
    .filter((schedule) => group === null || schedule.group === group)
    .filter((schedule) => schedule.name.startsWith(prefix) && keyOf(schedule) > after)
    .filter((schedule) => state === null || schedule.enabled === (state === "ENABLED"))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return jsonAnswer({
    Schedules: page.map(summarize),
    ...(found.length > page.length && last !== undefined ? { NextToken: keyOf(last) } : {}),
  });
};

const keyOf = (schedule: Schedule): string => `${schedule.group}/${schedule.name}`;

const common = (schedule: Schedule): JsonObject => ({
  Arn: arn.schedule(schedule.group, schedule.name),
  Name: schedule.name,
  GroupName: schedule.group,
  State: schedule.enabled ? "ENABLED" : "DISABLED",
  CreationDate: schedule.createdAtMs / 1000,
  LastModificationDate: schedule.modifiedAtMs / 1000,
});

const summarize = (schedule: Schedule): JsonObject => ({
  ...common(schedule),
  Target: { Arn: schedule.targetArn },
});

const describe = (schedule: Schedule): JsonObject => ({
  ActionAfterCompletion: "NONE",
  ScheduleExpressionTimezone: "UTC",
  ...schedule.definition,
  ...common(schedule),
});

const existing = (id: { group: string; name: string }, schedules: Schedules): Schedule => {
  const schedule = schedules.find(id.group, id.name);
  if (schedule === undefined) throw notFound(`Schedule ${id.name} does not exist.`);
  return schedule;
};

const bodyOf = (request: Request): Fields => {
  const body = request.body.length === 0 ? {} : tryParseJson(request.body.toString());
  if (!isObject(body)) throw validation("The body must be a JSON object.");
  return new Fields(body, validation);
};

const validation = (message: string): ApiError => new ApiError("ValidationException", message);
const notFound = (message: string): ApiError => new ApiError("ResourceNotFoundException", message, 404);
