/** What a listing reads of a head, and what it tells of it. */
import type { Head } from "../model/head.js";
import { labelsOf } from "../model/labels.js";
import type { EpochMs } from "../model/time.js";
import type { ExecutionSummary } from "./ports.js";

export type ListedHead = Pick<
  Head,
  | "executionId"
  | "workflow"
  | "definition"
  | "pin"
  | "application"
  | "pipelineConfigId"
  | "status"
  | "createdAt"
  | "startAt"
  | "closedAt"
  | "dueAt"
  | "lease"
  | "waits"
  | "waitCount"
>;

export function summaryOf(head: ListedHead): ExecutionSummary {
  const dueAt = dueAtOf(head);
  return {
    executionId: head.executionId,
    workflow: head.workflow,
    definition: head.definition,
    ...(head.pin === undefined ? {} : { pinnedTo: head.pin }),
    ...labelsOf(head),
    status: head.status,
    createdAt: head.createdAt,
    ...(head.closedAt === undefined ? {} : { closedAt: head.closedAt }),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(head.lease === undefined ? {} : { lease: { owner: head.lease.owner, until: head.lease.until } }),
  };
}

/** When something of it is due; of one that is running and that nobody holds (it has not begun, or was redriven), its start. */
export function dueAtOf({ status, dueAt, startAt, lease }: ListedHead): EpochMs | undefined {
  return dueAt ?? (status === "running" && lease === undefined ? startAt : undefined);
}
