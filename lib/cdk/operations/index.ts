/** What watches a deployment: alarms and a dashboard, as far as they are asked for. */
import type { Duration } from "aws-cdk-lib";
import { Stack } from "aws-cdk-lib";
import type { DurableFunctions } from "../durable-functions.js";
import { prefixOf } from "../outputs.js";
import { Alarms } from "./alarms.js";
import { OperationsDashboard } from "./dashboard.js";
import type { OperationsProps } from "./props.js";
import type { Watched } from "./watched.js";

export function addOperations(
  deployment: DurableFunctions,
  { alarmActions, alarmThresholds = {}, dashboard = false }: OperationsProps,
  settings: { readonly auditEvery: Duration; readonly metrics: boolean | "service" },
): void {
  const watched = watchedOf(deployment, settings);
  const alarms =
    alarmActions === undefined
      ? []
      : new Alarms(deployment, "Alarms", { actions: alarmActions, watched, thresholds: alarmThresholds }).all;
  if (dashboard)
    new OperationsDashboard(deployment, "Operations", {
      watched,
      alarms,
      workflows: settings.metrics === true,
    });
}

function watchedOf(
  deployment: DurableFunctions,
  { auditEvery, metrics }: { readonly auditEvery: Duration; readonly metrics: boolean | "service" },
): Watched {
  const { serviceName, tables, wakeQueue, wakeDlq, relayDlq, timers, deliverRoutes, startRoutes } =
    deployment;
  const { start, worker, deliver, relay, audit } = deployment;
  const prefix = prefixOf(deployment);
  return {
    serviceName,
    target: `--stack ${Stack.of(deployment).stackName}${prefix === "" ? "" : ` --deployment ${prefix}`}`,
    functions: { start, worker, deliver, relay, audit },
    tables,
    wakeQueue,
    eventQueues: {
      ...(deliverRoutes ? { deliveries: deliverRoutes.queue } : {}),
      ...(startRoutes ? { starts: startRoutes.queue } : {}),
    },
    deadLetterQueues: {
      wakes: wakeDlq,
      schedules: timers.dlq,
      relay: relayDlq,
      ...(deliverRoutes ? { deliveries: deliverRoutes.dlq } : {}),
      ...(startRoutes ? { starts: startRoutes.dlq } : {}),
    },
    auditEvery,
    measured: metrics !== false,
  };
}
