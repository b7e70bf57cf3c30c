/** The head that a creation writes: the same in both stores. */
import type { Head } from "../model/head.js";
import type { NewExecution } from "./ports.js";

export function newHead(execution: NewExecution): Head {
  return {
    executionId: execution.executionId,
    workflow: execution.workflow,
    ...(execution.version === undefined ? {} : { version: execution.version }),
    definition: execution.definition,
    status: "running",
    createdAt: execution.createdAt,
    startAt: execution.startAt,
    input: execution.input,
    ...(execution.startedBy === undefined ? {} : { startedBy: execution.startedBy }),
    epoch: execution.lease === undefined ? 0 : 1,
    ...(execution.lease === undefined ? {} : { lease: execution.lease }),
    slot: 0,
    inboxSeq: 0,
    inbox: [],
    inboxItems: 0,
    waits: [],
    createToken: execution.createToken,
  };
}
