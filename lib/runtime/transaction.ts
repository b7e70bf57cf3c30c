/** What one attempt of a transaction gathers: the user's writes, and the messages that go out with them. */
import { eventDetail, signalData } from "../define/outgoing.js";
import { parse } from "../define/schema.js";
import type { Transaction } from "../define/transaction.js";
import { InvalidDefinitionError } from "../model/errors.js";
import { checkExecutionId, digest } from "../model/ids.js";
import type { Outgoing } from "../model/outgoing.js";
import { storable } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import type { TransactionAction } from "../model/transaction.js";

export interface TransactionCollector {
  readonly tx: Transaction;
  readonly actions: readonly TransactionAction[];
  readonly outgoing: readonly Outgoing[];
}

/** @param place unique over all executions and operations: what the ids of outgoing messages are derived from */
export function collectTransaction(place: string, at: EpochMs): TransactionCollector {
  const actions: TransactionAction[] = [];
  const outgoing: Outgoing[] = [];
  // The same for every attempt, of which only one commits.
  const nextId = (): string => digest(`${place}\n${outgoing.length}`, 22);
  return {
    actions,
    outgoing,
    tx: {
      put: (put) => void actions.push({ Put: put }),
      update: (update) => void actions.push({ Update: update }),
      delete: (deletion) => void actions.push({ Delete: deletion }),
      check: (check) => void actions.push({ ConditionCheck: check }),
      sendEvent(event, data) {
        const detail = eventDetail("tx.sendEvent", event, data);
        outgoing.push({ kind: "event", id: nextId(), name: event.name, detail, at });
      },
      signal(executionId, name, data) {
        const id = nextId();
        const stored = signalData("tx.signal", executionId, name, data);
        const message = { kind: "signal", id, at, name, data: stored } as const;
        outgoing.push({ kind: "signal", id, at, to: executionId, message });
      },
      async start(workflow, input, options = {}) {
        if (workflow?.kind !== "workflow") {
          throw new InvalidDefinitionError(
            "tx.start was given something that is no workflow. Expected what workflow(...) returns.",
          );
        }
        const what = `The input of workflow "${workflow.name}"`;
        const stored = storable(await parse(workflow.input, input, what), what);
        const id = nextId();
        const executionId =
          options.id === undefined ? `${workflow.name}-${id}` : checkExecutionId(options.id);
        outgoing.push({
          kind: "start",
          id,
          at,
          executionId: checkExecutionId(executionId),
          workflow: workflow.name,
          ...(workflow.version === undefined ? {} : { version: workflow.version }),
          definition: workflow.definition,
          input: stored,
          ...(workflow.timeoutMs === undefined ? {} : { timeoutMs: workflow.timeoutMs }),
        });
        return executionId;
      },
    },
  };
}
