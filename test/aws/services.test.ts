import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, test } from "vitest";
import { eventBus, outcomeOf } from "../../lib/aws/bus.js";
import { need, readNames } from "../../lib/aws/environment.js";
import { createAwsOutside } from "../../lib/aws/outside.js";
import { createScheduleParams, scheduleName } from "../../lib/aws/schedules.js";
import { namesFromOutputs } from "../../lib/aws/stack-names.js";
import type { Wake } from "../../lib/model/wake.js";

const target = { group: "timers", queueArn: "arn:queue", roleArn: "arn:role", dlqArn: "arn:dlq" };
const wake: Wake = { executionId: "o/1@x", reason: "timer", dueAt: Date.UTC(2026, 0, 3, 4, 5, 6, 789) };

describe("schedules", () => {
  test("are one-shot, to the second, in UTC, and delete themselves", () => {
    expect(createScheduleParams(target, wake, Date.UTC(2026, 0, 2, 3, 4))).toMatchObject({
      ScheduleExpression: "at(2026-01-02T03:04:00)",
      ScheduleExpressionTimezone: "UTC",
      FlexibleTimeWindow: { Mode: "OFF" },
      ActionAfterCompletion: "DELETE",
      GroupName: "timers",
      Target: {
        Arn: "arn:queue",
        RoleArn: "arn:role",
        Input: JSON.stringify(wake),
        DeadLetterConfig: { Arn: "arn:dlq" },
      },
    });
  });

  test("have a name that the service takes, the same for the same wake only", () => {
    expect(scheduleName(wake)).toMatch(/^[0-9a-zA-Z-_.]{1,64}$/);
    expect(scheduleName({ ...wake, puts: 3 })).toBe(scheduleName(wake));
    expect(scheduleName({ ...wake, reason: "insurance" })).not.toBe(scheduleName(wake));
    expect(scheduleName({ ...wake, dueAt: 1 })).not.toBe(scheduleName(wake));
  });
});

describe("the bus", () => {
  test.each([
    [{ EventId: "1" }, { ok: true }],
    [
      { ErrorCode: "ThrottlingException", ErrorMessage: "slow" },
      { ok: false, permanent: false, error: "ThrottlingException: slow" },
    ],
    [{ ErrorCode: "InternalFailure" }, { ok: false, permanent: false }],
    [{ ErrorCode: "AccessDeniedException" }, { ok: false, permanent: false }],
    [{ ErrorCode: "MalformedDetail" }, { ok: false, permanent: true }],
    [{ ErrorCode: "InvalidArgument" }, { ok: false, permanent: true }],
    [undefined, { ok: false, permanent: false }],
  ])("%j is %j", (result, outcome) => {
    expect(outcomeOf(result)).toMatchObject(outcome);
  });

  test("one outcome per entry, in their order; fewer results leave the rest to be tried again", async () => {
    const bridge = mockClient(EventBridgeClient);
    bridge
      .on(PutEventsCommand)
      .resolves({ FailedEntryCount: 1, Entries: [{ EventId: "1" }, { ErrorCode: "MalformedDetail" }] });
    const publish = eventBus("bus", "orders", {}, new EventBridgeClient({ region: "us-east-1" }));
    const entry = { name: "a", detail: "{}", at: 0, resources: ["holdfast:event:1"] };
    expect(await publish([entry, entry, entry])).toMatchObject([
      { ok: true },
      { ok: false, permanent: true },
      { ok: false, permanent: false },
    ]);
    expect(bridge.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]).toEqual({
      EventBusName: "bus",
      Source: "orders",
      DetailType: "a",
      Detail: "{}",
      Resources: ["holdfast:event:1"],
      Time: new Date(0),
    });
    expect(await publish([])).toEqual([]);
    bridge.restore();
  });

  test("a call that is refused as a whole is made again for each entry alone, and only the one at fault is left", async () => {
    const bridge = mockClient(EventBridgeClient);
    const refusal = Object.assign(new Error("1 validation error detected"), { name: "ValidationException" });
    bridge.on(PutEventsCommand).callsFake(({ Entries }: { Entries: readonly { DetailType: string }[] }) => {
      if (Entries.some(({ DetailType }) => DetailType === "poison")) throw refusal;
      return { Entries: Entries.map((_, index) => ({ EventId: String(index) })) };
    });
    const publish = eventBus("bus", "orders", {}, new EventBridgeClient({ region: "us-east-1" }));
    const entry = (name: string) => ({ name, detail: "{}", at: 0, resources: [] });
    expect(await publish(["a", "poison", "b"].map(entry))).toEqual([
      { ok: true },
      { ok: false, permanent: false, error: String(refusal) },
      { ok: true },
    ]);
    await expect(publish([entry("poison")])).rejects.toThrow("1 validation error");
    bridge.reset();
    // A bus that is down is asked once.
    bridge.on(PutEventsCommand).rejects(Object.assign(new Error("later"), { name: "InternalException" }));
    await expect(publish(["a", "b"].map(entry))).rejects.toThrow("later");
    expect(bridge.commandCalls(PutEventsCommand)).toHaveLength(1);
    bridge.restore();
  });
});

describe("a function's environment", () => {
  test("tells its names; an empty variable tells nothing", () => {
    expect(readNames({ HOLDFAST_SERVICE: "orders", HOLDFAST_BUS_NAME: "" })).toEqual({ service: "orders" });
  });

  test("a missing name is an error where it is used, and says which variable", async () => {
    expect(() => need({ service: "orders" }, "busName")).toThrow(/"busName".*HOLDFAST_BUS_NAME/s);
    const outside = createAwsOutside({ names: { service: "orders" } });
    await expect(outside.wakes.send(wake, 0)).rejects.toThrow("HOLDFAST_WAKE_QUEUE_URL");
    await expect(outside.wakes.schedule(wake, 0)).rejects.toThrow("HOLDFAST_SCHEDULE_GROUP");
    await expect(outside.store.readHead("x")).rejects.toThrow("HOLDFAST_EXECUTIONS_TABLE");
  });
});

describe("a stack's outputs", () => {
  const outputs = (prefix: string): [string, string][] => [
    [`${prefix}HoldfastService`, `${prefix}-service`],
    [`${prefix}HoldfastStartFunction`, "fn"],
    ["Other", "x"],
  ];
  test("name the one deployment", () => {
    expect(namesFromOutputs("S", outputs(""))).toEqual({ service: "-service", startFunction: "fn" });
  });
  test("several need a choice", () => {
    const both = [...outputs("A"), ...outputs("B")];
    expect(() => namesFromOutputs("S", both)).toThrow('found: "A", "B"');
    expect(namesFromOutputs("S", both, "B").service).toBe("B-service");
    expect(() => namesFromOutputs("S", both, "C")).toThrow("--deployment");
  });
  test("none says which stack to name", () => {
    expect(() => namesFromOutputs("S", [])).toThrow(
      "Name the stack that holds the DurableFunctions construct",
    );
  });
});
