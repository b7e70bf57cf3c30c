/** The head that a creation writes: the same in both stores. */
import type { Head } from "../model/head.js";
import { labelsOf } from "../model/labels.js";
import type { NewExecution } from "./ports.js";

export function newHead(execution: NewExecution): Head {
  const { closed } = execution;
  return {
    executionId: execution.executionId,
    workflow: execution.workflow,
    ...(execution.version === undefined ? {} : { version: execution.version }),
    definition: execution.definition,
    ...(execution.pin === undefined ? {} : { pin: execution.pin }),
    status: closed ?? "running",
    createdAt: execution.createdAt,
    startAt: execution.startAt,
    ...labelsOf(execution),
    ...(closed === undefined ? {} : { closedAt: execution.createdAt }),
    input: execution.input,
    ...(execution.startedBy === undefined ? {} : { startedBy: execution.startedBy }),
    ...(execution.parent === undefined ? {} : { parent: execution.parent }),
    ...(execution.deadline === undefined ? {} : { deadline: execution.deadline }),
    ...(execution.seed === undefined ? {} : { seed: execution.seed }),
    flags: execution.flags,
    ...(execution.lifecycleEvents === undefined ? {} : { lifecycleEvents: execution.lifecycleEvents }),
    ...(execution.origin === undefined ? {} : { origin: execution.origin }),
    epoch: execution.lease === undefined ? 0 : 1,
    ...(execution.lease === undefined ? {} : { lease: execution.lease }),
    slot: execution.slot ?? 0,
    inboxSeq: 0,
    inbox: [],
    inboxItems: 0,
    waits: [],
    waitCount: 0,
    createToken: execution.createToken,
  };
}
