import { Arn, ArnFormat, type Duration, Stack, Token } from "aws-cdk-lib";
import { type EventBus, type IEventBus, type IRuleTarget, Rule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct, type IDependable } from "constructs";
import { GuardedQueue } from "./guarded-queue.js";
import type { EncryptionKey } from "./keys.js";

/**
 * The most bytes of rules' ARNs that a queue policy names one by one: it holds 8 KB in all. Where they are more, the policy admits every rule of
 * the bus instead. An account may have 300 rules on a bus unless it asks for more.
 */
const maxNamedBytes = 7_320;
/** `arn:aws-us-gov:events:us-gov-west-1:111111111111:rule/`, a slash, and the longest name of a rule. */
const ruleArnBytes = 54 + 1 + 64;
/** Of a bus that CloudFormation or the construct names. An imported one may have 256. */
const busNameBytes = 64;

/**
 * A bus, made here or imported. The class is named beside its interface because it is not assignable to it in a project with
 * `exactOptionalPropertyTypes`.
 */
export type Bus = EventBus | IEventBus;

/** Which events of a bus arrive in a queue. */
export interface EventRoutesProps {
  readonly bus: Bus;
  /** The event types (`detail-type`) that are to arrive, without repeats. None for a queue that only schedules lead to. */
  readonly eventTypes: readonly string[];
  readonly visibilityTimeout: Duration;
  /** For the queues. Its policy must let EventBridge use it. */
  readonly encryptionKey?: EncryptionKey;
}

/**
 * A rule per event type, and the queue that all of them lead to. A queue, and not the function itself, because an
 * asynchronous invocation gives up after two retries and then the event is gone.
 */
export class EventRoutes extends Construct {
  readonly queue: Queue;
  /** Holds both what the bus could not hand over and what the consumer refused: the same event in the same shape. */
  readonly dlq: Queue;
  private readonly rules: readonly Rule[];

  constructor(scope: Construct, id: string, props: EventRoutesProps) {
    super(scope, id);
    const { queue, dlq } = new GuardedQueue(this, "Events", props);
    this.queue = queue;
    this.dlq = dlq;
    const target: IRuleTarget = {
      bind: () => ({ arn: queue.queueArn, deadLetterConfig: { arn: dlq.queueArn }, targetResource: queue }),
    };
    this.rules = props.eventTypes.map(
      (type) =>
        // The id is the type itself, so that declaring another one leaves this rule alone. A slash would end the id.
        new Rule(this, `Rule-${encodeURIComponent(type)}`, {
          eventBus: props.bus,
          description: `Takes "${type}" events to Holdfast`,
          eventPattern: { detailType: [type] },
          targets: [target],
        }),
    );
    if (this.rules.length === 0) return;
    const sources =
      this.rules.length <= maxNamedRules(props.bus)
        ? this.rules.map((rule) => rule.ruleArn)
        : [this.anyRuleOf(props.bus)];
    for (const destination of [queue, dlq]) admitRules(destination, sources);
  }

  /**
   * Makes new rules only once the consumer has its new code: an event of a type that it does not know yet would go straight to the dead-letter
   * queue.
   */
  openAfter(consumer: IDependable): void {
    for (const rule of this.rules) rule.node.addDependency(consumer);
  }

  private anyRuleOf(bus: Bus): string {
    return Arn.format(
      {
        service: "events",
        resource: "rule",
        // The rules of the account's default bus go by their own names alone.
        resourceName: bus.eventBusName === "default" ? "*" : `${bus.eventBusName}/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      },
      Stack.of(this),
    );
  }
}

function maxNamedRules({ eventBusName }: Bus): number {
  const nameBytes = Token.isUnresolved(eventBusName) ? busNameBytes : eventBusName.length;
  return Math.floor(maxNamedBytes / (ruleArnBytes + Math.max(nameBytes, busNameBytes)));
}

/** One statement for all rules: a queue policy may have twenty statements only. */
function admitRules(queue: Queue, ruleArns: readonly string[]): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions: { ArnLike: { "aws:SourceArn": ruleArns } },
    }),
  );
}
