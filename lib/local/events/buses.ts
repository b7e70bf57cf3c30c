/**
 * Event buses and their rules: what an event or a schedule makes happen at which target.
 * Delivery is immediate, and a target that can't take it is final: nothing here comes back by itself.
 */
import { randomUUID } from "node:crypto";
import type { Matcher } from "../../model/pattern/pattern.js";
import { ACCOUNT, arn, parseArn, REGION } from "../arn.js";
import { type Clock, timerAt } from "../clock.js";
import { ApiError } from "../http.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import type { Notify } from "../notices.js";
import { nextFireMs, type ScheduleExpression } from "../schedule-expression.js";
import type { Queues } from "../sqs/queues.js";
import type { Targets } from "../targets.js";
import { type EventEnvelope, readEntries } from "./entries.js";

export interface RuleTarget {
  readonly arn: string;
  /** What the target gets instead of the event. */
  readonly input:
    | { readonly kind: "event" }
    | { readonly kind: "constant"; readonly text: string }
    | { readonly kind: "path"; readonly path: readonly string[] };
  readonly deadLetterArn?: string;
}

export interface Rule {
  readonly name: string;
  readonly bus: string;
  readonly event?: { readonly pattern: Json; readonly matches: Matcher };
  readonly schedule?: ScheduleExpression;
  readonly targets: readonly RuleTarget[];
}

export interface BusesDeps {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly queues: Queues;
  readonly notify: Notify;
}

export class Buses {
  private readonly buses = new Set(["default"]);
  private readonly rules: Rule[] = [];
  private readonly timers = new Map<string, { cancel(): void }>();
  private stopped = false;

  constructor(private readonly deps: BusesDeps) {}

  createBus(name: string): void {
    this.buses.add(name);
  }

  createRule(rule: Rule): void {
    this.rules.push(rule);
  }

  /** Starts the rules that have a schedule. */
  start(): void {
    const nowMs = this.deps.clock.now();
    for (const rule of this.rules) {
      if (rule.schedule !== undefined) this.arm(rule, rule.schedule, nowMs, nowMs);
    }
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) timer.cancel();
  }

  /** `PutEvents`: every good entry is delivered, and every bad one is answered by itself. */
  putEvents(input: JsonObject): Json {
    const entries = readEntries(input, randomUUID, this.deps.clock.now());
    for (const entry of entries) if (entry.ok) this.publish(entry.bus, entry.event);
    return {
      FailedEntryCount: entries.filter((entry) => !entry.ok).length,
      Entries: entries.map((entry) =>
        entry.ok ? { EventId: entry.event.id } : { ErrorCode: entry.code, ErrorMessage: entry.message },
      ),
    };
  }

  /** `ListRules`: all of them, on one page. */
  listRules({ EventBusName: name = "default" }: JsonObject): Json {
    const bus = String(name);
    if (!this.buses.has(bus))
      throw new ApiError("ResourceNotFoundException", `Event bus ${bus} does not exist.`);
    return {
      Rules: this.rules
        .filter((rule) => rule.bus === bus)
        .map((rule) => ({
          Name: rule.name,
          Arn: arn.rule(bus, rule.name),
          EventBusName: bus,
          State: "ENABLED",
          ...(rule.event === undefined ? {} : { EventPattern: JSON.stringify(rule.event.pattern) }),
        })),
    };
  }

  private publish(bus: string, event: EventEnvelope): void {
    if (!this.buses.has(bus)) {
      this.deps.notify(
        "warning",
        `An event for the bus "${bus}" was dropped: there is no such bus (AWS drops it silently).`,
      );
      return;
    }
    for (const rule of this.rules) {
      if (rule.bus === bus && rule.event?.matches(event) === true) this.fire(rule, event);
    }
  }

  private arm(rule: Rule, schedule: ScheduleExpression, createdAtMs: number, afterMs: number): void {
    const dueMs = nextFireMs(schedule, { name: rule.name, createdAtMs }, afterMs);
    if (dueMs === undefined || this.stopped) return;
    const fire = (): void => {
      this.fire(rule, this.scheduledEvent(rule, dueMs));
      this.arm(rule, schedule, createdAtMs, dueMs);
    };
    this.timers.set(`${rule.bus}/${rule.name}`, timerAt(this.deps.clock, dueMs, fire));
  }

  private fire(rule: Rule, event: EventEnvelope): void {
    for (const target of rule.targets) {
      const body = inputOf(target, event);
      const reason = this.deps.targets.deliver(target.arn, body);
      if (reason !== undefined) this.undeliverable(rule, target, body, reason);
    }
  }

  private undeliverable(rule: Rule, target: RuleTarget, body: string, reason: string): void {
    const dead = parseArn(target.deadLetterArn ?? "");
    const queue = dead.kind === "queue" ? this.deps.queues.find(dead.name) : undefined;
    const fate = queue === undefined ? "was dropped" : `went to the dead-letter queue ${queue.name}`;
    this.deps.notify("warning", `An event of the rule ${rule.name} ${fate}: ${reason}.`);
    if (queue === undefined) return;
    const attribute = (value: string): JsonObject => ({ DataType: "String", StringValue: value });
    this.deps.queues.send(queue, body, {
      RULE_ARN: attribute(arn.rule(rule.bus, rule.name)),
      TARGET_ARN: attribute(target.arn),
      ERROR_CODE: attribute("NO_RESOURCE"),
      ERROR_MESSAGE: attribute(reason),
    });
  }

  private scheduledEvent(rule: Rule, atMs: number): EventEnvelope {
    return {
      version: "0",
      id: randomUUID(),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: ACCOUNT,
      time: new Date(atMs).toISOString().replace(/\.\d{3}Z$/, "Z"),
      region: REGION,
      resources: [arn.rule(rule.bus, rule.name)],
      detail: {},
    };
  }
}

const inputOf = (target: RuleTarget, event: EventEnvelope): string => {
  switch (target.input.kind) {
    case "event":
      return JSON.stringify(event);
    case "constant":
      return target.input.text;
    case "path": {
      let value: Json = event;
      for (const key of target.input.path) value = childOf(value, key);
      return JSON.stringify(value);
    }
  }
};

const childOf = (value: Json, key: string): Json => (isObject(value) ? (value[key] ?? null) : null);

/** EventBridge on the wire: AWS JSON 1.1, `X-Amz-Target: AWSEvents.<operation>`. */
export const callEvents = (operation: string, input: JsonObject, buses: Buses): Json => {
  if (operation === "PutEvents") return buses.putEvents(input);
  if (operation === "ListRules") return buses.listRules(input);
  throw new ApiError(
    "UnknownOperationException",
    `The local EventBridge knows PutEvents and ListRules only, not ${operation}.`,
  );
};
