/** Numbers that must fit each other, whatever is set: judged on the finished template, by rules that know nothing of how it came about. */
import { Duration } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { inWords, resources, synthesize } from "../support.js";

const DAY = 86_400;

const cases: readonly (readonly [string, Template])[] = [
  ["as it comes", synthesize({ app: fixture("recurring-app") }).template],
  [
    "at the far ends",
    synthesize({
      workerTimeout: Duration.minutes(15),
      startTimeout: Duration.seconds(1),
      wakeVisibilityMargin: Duration.seconds(1),
      auditEvery: Duration.minutes(1),
      maxConcurrency: 2,
    }).template,
  ],
];

describe.each(cases)("%s", (_, template) => {
  const all = (type: string) =>
    Object.entries(resources(template, type)).map(([id, { Properties }]) => ({ id, ...Properties }));
  const queues = new Map(all("AWS::SQS::Queue").map((queue) => [`${queue.id}.Arn`, queue]));
  const functions = new Map(all("AWS::Lambda::Function").map((each) => [each.id, each]));
  const queueAt = (arn: unknown) => queues.get(inWords(arn)) ?? expect.fail(`no queue ${inWords(arn)}`);
  const feeds = all("AWS::Lambda::EventSourceMapping");

  it("a message stays invisible for longer than its function may run, and is tried more often than a bad day needs", () => {
    const fed = feeds.filter(({ EventSourceArn }) => queues.has(inWords(EventSourceArn)));
    expect(fed.length).toBeGreaterThanOrEqual(2);
    for (const { EventSourceArn, FunctionName, BatchSize } of fed) {
      const queue = queueAt(EventSourceArn);
      const { Timeout } = functions.get(inWords(FunctionName)) ?? expect.fail("a feed of no function");
      expect(queue.VisibilityTimeout).toBeGreaterThan(Timeout);
      expect(queue.VisibilityTimeout).toBeLessThanOrEqual(12 * 3600);
      // Five crashed turns stall an execution; throttled tries count here, too. Far more would be a loop that nobody sees.
      expect(queue.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(10);
      expect(queue.RedrivePolicy.maxReceiveCount).toBeLessThanOrEqual(100);
      // All tries, each as late as can be, are over before the message is forgotten.
      const tries = queue.RedrivePolicy.maxReceiveCount * queue.VisibilityTimeout;
      expect(tries).toBeLessThan(queue.MessageRetentionPeriod / 2);
      expect(BatchSize).toBeLessThanOrEqual(10);
    }
  });

  it("what is set aside is kept for as long as anything is: its age counts from the first sending", () => {
    for (const queue of queues.values()) {
      expect(queue.MessageRetentionPeriod).toBe(14 * DAY);
      if (queue.RedrivePolicy === undefined) continue;
      const dead = queueAt(queue.RedrivePolicy.deadLetterTargetArn);
      expect(dead.MessageRetentionPeriod).toBeGreaterThanOrEqual(queue.MessageRetentionPeriod);
      expect(dead.RedrivePolicy).toBeUndefined();
    }
  });

  it("whatever delivers has somewhere to put what it can't, and a clock none", () => {
    const targets = all("AWS::Events::Rule").flatMap((rule) => rule.Targets);
    for (const { Arn, DeadLetterConfig, RetryPolicy } of targets) {
      if (DeadLetterConfig !== undefined) queueAt(DeadLetterConfig.Arn);
      else expect([inWords(Arn), RetryPolicy?.MaximumRetryAttempts]).toEqual(["OrdersAuditFunction.Arn", 0]);
    }
    for (const { Target } of all("AWS::Scheduler::Schedule")) {
      queueAt(Target.DeadLetterConfig.Arn);
      expect(Target.RetryPolicy.MaximumEventAgeInSeconds).toBeLessThanOrEqual(DAY);
    }
    const [stream] = feeds.filter(({ StartingPosition }) => StartingPosition !== undefined);
    queueAt(stream?.DestinationConfig.OnFailure.Destination);
    // A stream forgets after a day: all tries of a batch are over long before.
    const { Timeout } = functions.get("OrdersRelayFunction") ?? expect.fail("no relay");
    expect((stream?.MaximumRetryAttempts + 1) * Timeout).toBeLessThan(DAY / 24);
  });

  it("the audit has ended before it begins again", () => {
    const [clock] = all("AWS::Events::Rule").filter(
      ({ ScheduleExpression }) => ScheduleExpression !== undefined,
    );
    const [, minutes] = /^rate\((\d+) minutes?\)$/.exec(clock?.ScheduleExpression) ?? [];
    expect(functions.get("OrdersAuditFunction")?.Timeout).toBeLessThan(Number(minutes) * 60);
  });

  it("nothing is left to a default that could change: time, memory, logs, what becomes of data", () => {
    for (const { Timeout, MemorySize, Architectures, LoggingConfig } of functions.values()) {
      expect(Timeout).toBeLessThanOrEqual(900);
      expect(MemorySize).toBeGreaterThanOrEqual(128);
      expect(Architectures).toEqual(["arm64"]);
      expect(LoggingConfig.LogGroup).toBeDefined();
    }
    for (const { RetentionInDays } of all("AWS::Logs::LogGroup")) expect(RetentionInDays).toBeGreaterThan(0);
    const kept = { "AWS::DynamoDB::GlobalTable": 2, "AWS::S3::Bucket": 1 };
    for (const [type, count] of Object.entries(kept)) {
      const data = Object.values(resources(template, type));
      expect(data).toHaveLength(count);
      for (const each of data)
        expect([each.DeletionPolicy, each.UpdateReplacePolicy]).toEqual(["Retain", "Retain"]);
    }
  });
});
