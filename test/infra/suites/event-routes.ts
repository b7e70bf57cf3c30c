import { Duration, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { EventBus } from "aws-cdk-lib/aws-events";
import { type Bus, EventRoutes } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { inWords, resource, temporaryApp } from "../support.js";

/** A queue policy may have 8192 bytes. Its text, with each reference as long as the longest ARN that it can become. */
const policyLimit = 8192;
const longestRuleArn = 160;

function sourcesFor(eventTypes: number, busOf = (stack: Stack): Bus => new EventBus(stack, "Bus")) {
  const stack = new Stack(temporaryApp(), "Shop");
  new EventRoutes(stack, "Routes", {
    bus: busOf(stack),
    eventTypes: Array.from({ length: eventTypes }, (_, number) => `type/${number}`),
    visibilityTimeout: Duration.seconds(60),
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::Events::Rule", eventTypes);
  const policy = resource(template, "AWS::SQS::QueuePolicy", "RoutesEventsQueuePolicy").Properties
    .PolicyDocument;
  const sources: unknown[] = [policy.Statement[1].Condition.ArnLike["aws:SourceArn"]].flat();
  const bytes = JSON.stringify(policy).length + sources.length * longestRuleArn;
  return { sources: sources.map(inWords), bytes };
}

describe("the policy of a queue that many rules lead to", () => {
  it("names forty rules one by one, and still fits", () => {
    const { sources, bytes } = sourcesFor(40);
    expect(sources).toHaveLength(40);
    expect(bytes - 40 * JSON.stringify({ "Fn::GetAtt": ["RoutesRuletype2F0", "Arn"] }).length).toBeLessThan(
      policyLimit,
    );
  });

  it("names the bus's rules as a whole beyond that", () => {
    const { sources, bytes } = sourcesFor(41);
    expect(sources).toEqual(["arn:AWS::Partition:events:AWS::Region:AWS::AccountId:rule/Bus/*"]);
    expect(bytes).toBeLessThan(policyLimit);
  });

  it("names fewer of a bus whose own name is long", () => {
    const name = "b".repeat(256);
    const bus = (stack: Stack) => EventBus.fromEventBusName(stack, "Bus", name);
    // The name stands in every ARN.
    const { sources, bytes } = sourcesFor(19, bus);
    expect(sources).toHaveLength(19);
    expect(bytes + 19 * name.length - 19 * 64).toBeLessThan(policyLimit);
    expect(sourcesFor(20, bus).sources).toEqual([
      `arn:AWS::Partition:events:AWS::Region:AWS::AccountId:rule/${name}/*`,
    ]);
  });

  it("knows that the rules of the account's default bus go by no bus's name", () => {
    const { sources } = sourcesFor(41, (stack) => EventBus.fromEventBusName(stack, "Bus", "default"));
    expect(sources).toEqual(["arn:AWS::Partition:events:AWS::Region:AWS::AccountId:rule/*"]);
  });
});
