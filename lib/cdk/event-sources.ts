/** What feeds the functions: queues and the Executions table's stream. */
import { Duration } from "aws-cdk-lib";
import {
  CfnEventSourceMapping,
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IEventSourceDlq,
  type Function as LambdaFunction,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { acknowledge } from "./acknowledged.js";
import type { TableHandle } from "./durable-tables.js";

export interface QueueFeed {
  readonly queue: Queue;
  readonly batchSize: number;
  readonly maxConcurrency?: number;
  /** Of the function: fed in its place. */
  readonly aliasArn?: string;
}

/** Feeds a function from a queue; it says itself which messages of a batch failed. */
export function feedFromQueue(target: LambdaFunction, feed: QueueFeed): EventSourceMapping {
  const mapping = new EventSourceMapping(target.node.scope ?? target, "Feed", {
    target,
    eventSourceArn: feed.queue.queueArn,
    batchSize: feed.batchSize,
    reportBatchItemFailures: true,
    ...(feed.maxConcurrency === undefined ? {} : { maxConcurrency: feed.maxConcurrency }),
  });
  const { defaultChild } = mapping.node;
  if (feed.aliasArn !== undefined && defaultChild instanceof CfnEventSourceMapping)
    defaultChild.functionName = feed.aliasArn;
  acknowledge(
    mapping,
    "Serverless-LambdaEventSourceMappingDestination",
    "What fails goes to the queue's own dead-letter queue; a mapping of a queue has no destination",
  );
  return mapping;
}

/**
 * How many records the relay is given at once: ten calls of PutEvents, which takes ten entries. More would bring its run
 * closer to its timeout without saving a call.
 */
const relayBatchSize = 100;

/**
 * How often a batch of which the relay itself failed is tried again. The relay acknowledges a record whatever becomes of its
 * events (what was not published stays marked, and the audit finds it), so a failure is a crash or a missing permission;
 * trying for 24 hours, the default, would hold up the shard for nothing.
 */
const relayRetries = 5;

/**
 * Feeds the relay from the Executions table's stream.
 *
 * Only inserts that leave something to be done, which the mark `ob` says: a commit with outgoing messages, or a head whose first wake
 * was not sent yet. Every other write, most of them by far, never invokes it.
 *
 * From the oldest record that there is (TRIM_HORIZON): with LATEST, what is written while the mapping is being made, or made
 * anew, would be passed over until the audit comes by. A mapping that is made anew publishes the events of the last 24 hours again, under
 * the ids that they had: a stream shows each commit as it was written, with its mark.
 */
export function feedFromStream(
  target: LambdaFunction,
  table: TableHandle,
  onFailure: Queue,
): EventSourceMapping {
  const failures: IEventSourceDlq = { bind: () => ({ destination: onFailure.queueArn }) };
  return new EventSourceMapping(target.node.scope ?? target, "Feed", {
    target,
    ...(table.tableStreamArn === undefined ? {} : { eventSourceArn: table.tableStreamArn }),
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: relayBatchSize,
    // Events are to leave at once; the stream's own latency is most of their way.
    maxBatchingWindow: Duration.seconds(0),
    filters: [insertWith("ob")],
    retryAttempts: relayRetries,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    onFailure: failures,
  });
}

/** `exists` works on leaves only, so the filter looks at the string inside of the attribute. */
function insertWith(attribute: string): Record<string, unknown> {
  return FilterCriteria.filter({
    eventName: FilterRule.isEqual("INSERT"),
    dynamodb: { NewImage: { [attribute]: { S: FilterRule.exists() } } },
  });
}
