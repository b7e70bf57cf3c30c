import { CfnOutput, Stack } from "aws-cdk-lib";
import type { DurableFunctions } from "./durable-functions.js";
import { type OutputField, outputFields, outputKey, outputPrefix } from "./output-names.js";

/** Tells the stack's outputs where everything is, under the keys of `output-names.ts`. */
export function addOutputs(deployment: DurableFunctions): void {
  const prefix = prefixOf(deployment);
  const { deliverRoutes, schedules, startRoutes } = deployment;
  const values: Record<OutputField, string | undefined> = {
    Service: deployment.serviceName,
    ExecutionsTable: deployment.tables.executions.tableName,
    DirectoryTable: deployment.tables.directory.tableName,
    PayloadBucket: deployment.tables.payloads.bucketName,
    WakeQueueUrl: deployment.wakeQueue.queueUrl,
    WakeQueueArn: deployment.wakeQueue.queueArn,
    WakeDlqUrl: deployment.wakeDlq.queueUrl,
    ScheduleGroup: deployment.timers.group.scheduleGroupName,
    ScheduleRoleArn: deployment.timers.role.roleArn,
    ScheduleDlqArn: deployment.timers.dlq.queueArn,
    FiringGroup: schedules?.clientGroup?.scheduleGroupName,
    FiringRoleArn: schedules?.clientGroup && schedules.role.roleArn,
    FiringQueueArn: schedules?.clientGroup && schedules.queue.queueArn,
    FiringDlqArn: schedules?.clientGroup && schedules.dlq.queueArn,
    BusName: deployment.bus.eventBusName,
    StartFunction: deployment.start.functionName,
    WorkerFunction: deployment.worker.functionName,
    WorkerVersion: deployment.versions && deployment.worker.currentVersion.version,
    DeliverFunction: deployment.deliver.functionName,
    RelayFunction: deployment.relay.functionName,
    AuditFunction: deployment.audit.functionName,
    DeliverQueueUrl: deliverRoutes?.queue.queueUrl,
    DeliverDlqUrl: deliverRoutes?.dlq.queueUrl,
    StartQueueUrl: startRoutes?.queue.queueUrl,
    StartDlqUrl: startRoutes?.dlq.queueUrl,
    RelayDlqUrl: deployment.relayDlq.queueUrl,
  };
  for (const field of outputFields) {
    const value = values[field];
    if (value === undefined) continue;
    const output = new CfnOutput(deployment, `Output${field}`, { value });
    output.overrideLogicalId(outputKey(prefix, field));
  }
}

/** What the keys of its outputs begin with, and what the command calls `--deployment`. */
export function prefixOf(deployment: DurableFunctions): string {
  const stack = Stack.of(deployment);
  const inStack = deployment.node.scopes.slice(stack.node.scopes.length);
  return outputPrefix(inStack.map((scope) => scope.node.id));
}
