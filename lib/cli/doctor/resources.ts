/** Asks AWS, or the local cloud, how a deployment's resources are. Each call is a look: nothing is received, and nothing is changed. */
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, clientSettings } from "../../aws/connection.js";
import type { MappingFacts, QueueFacts, TableFacts } from "./judge.js";

export interface Resources {
  table(name: string): Promise<TableFacts>;
  queue(url: string): Promise<QueueFacts>;
  mappings(functionName: string): Promise<readonly MappingFacts[]>;
  /** Whether there is such a group of schedules: throws where there is none. */
  scheduleGroup(name: string): Promise<void>;
}

export function resources(connection: Connection): Resources {
  const dynamo = new DynamoDBClient(clientSettings("dynamodb", connection));
  const sqs = new SQSClient(clientSettings("sqs", connection));
  const lambda = new LambdaClient(clientSettings("lambda", connection));
  const scheduler = new SchedulerClient(clientSettings("scheduler", connection));
  return {
    async table(name) {
      const { Table: table } = await dynamo.send(new DescribeTableCommand({ TableName: name }));
      const { StreamEnabled: isOn, StreamViewType: view } = table?.StreamSpecification ?? {};
      const indexes = table?.GlobalSecondaryIndexes ?? [];
      return {
        status: table?.TableStatus ?? "unknown",
        ...(isOn === true ? { stream: view ?? "" } : {}),
        unready: indexes.flatMap(({ IndexName: index = "", IndexStatus: status }) =>
          status === "ACTIVE" ? [] : [index],
        ),
      };
    },

    async queue(url) {
      const { Attributes: found = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
      );
      return {
        waiting: Number(found.ApproximateNumberOfMessages ?? 0),
        inFlight: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0),
        delayed: Number(found.ApproximateNumberOfMessagesDelayed ?? 0),
      };
    },

    async mappings(functionName) {
      const { EventSourceMappings: found = [] } = await lambda.send(
        new ListEventSourceMappingsCommand({ FunctionName: functionName }),
      );
      return found.map(({ State: state = "unknown", LastProcessingResult: lastResult }) => ({
        state,
        ...(lastResult === undefined ? {} : { lastResult }),
      }));
    },

    async scheduleGroup(name) {
      await scheduler.send(new ListSchedulesCommand({ GroupName: name, MaxResults: 1 }));
    },
  };
}
