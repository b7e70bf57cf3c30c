/** What one attempt of a transaction gathers: the user's writes, and the messages that go out with them. */
import { eventDetail, expiry, outgoingSignalData } from "../../define/outgoing.js";
import { parse } from "../../define/schema.js";
import type { Transaction } from "../../define/transaction.js";
import type { AnyWorkflow } from "../../define/workflow.js";
import { ContextMisuseError, InvalidDefinitionError } from "../../model/errors.js";
import { checkExecutionId, digest } from "../../model/ids.js";
import type { Outgoing, OutgoingStart } from "../../model/outgoing.js";
import { storable } from "../../model/storable.js";
import type { EpochMs } from "../../model/time.js";
import type { TransactionAction } from "../../model/transaction.js";

/** What is to be written with the attempt's result. */
export interface Gathered {
  readonly actions: readonly TransactionAction[];
  readonly outgoing: readonly Outgoing[];
}

export interface TransactionCollector {
  readonly tx: Transaction;
  /**
   * The body has ended: nothing more is taken. Waits for starts whose inputs are still being checked.
   * @throws what a start threw, whoever waited for it: a transaction is whole or it is not
   */
  gathered(): Promise<Gathered>;
}

/** @param place what the ids of outgoing messages are derived from */
export function collectTransaction(
  place: { readonly executionId: string; readonly path: string },
  at: EpochMs,
): TransactionCollector {
  const actions: TransactionAction[] = [];
  const outgoing: (Outgoing | Promise<Outgoing>)[] = [];
  let ended = false;
  const use = (method: keyof Transaction): void => {
    if (ended)
      throw new ContextMisuseError(
        `tx.${method}`,
        "after the body of its transaction had ended",
        "Await in the body whatever calls it.",
      );
  };
  // The same for every attempt, of which only one commits.
  const nextId = (): string => digest(`${place.executionId}\n${place.path}\n${outgoing.length}`, 22);
  const act = (method: keyof Transaction, action: TransactionAction): void => {
    use(method);
    actions.push(action);
  };
  return {
    async gathered() {
      ended = true;
      return { actions, outgoing: await Promise.all(outgoing) };
    },
    tx: {
      put: (put) => act("put", { Put: put }),
      update: (update) => act("update", { Update: update }),
      delete: (deletion) => act("delete", { Delete: deletion }),
      check: (check) => act("check", { ConditionCheck: check }),
      sendEvent(event, data, options = {}) {
        use("sendEvent");
        const detail = eventDetail("tx.sendEvent", event, data);
        outgoing.push({
          kind: "event",
          id: nextId(),
          name: event.name,
          detail,
          at,
          ...expiry(at, options),
        });
      },
      signal(executionId, name, data) {
        use("signal");
        const id = nextId();
        const stored = outgoingSignalData("tx.signal", executionId, name, data);
        const message = { kind: "signal", id, at, name, data: stored } as const;
        outgoing.push({ kind: "signal", id, at, to: executionId, message });
      },
      start(workflow, input, options = {}) {
        use("start");
        const started = startOf(workflow, input, options.id, { id: nextId(), at });
        // Its place among the others, and its id with it, is taken at once, and its failure is the transaction's.
        outgoing.push(started);
        const id = started.then(({ executionId }) => executionId);
        id.catch(() => {});
        return id;
      },
    },
  };
}

async function startOf(
  workflow: AnyWorkflow,
  input: unknown,
  asked: string | undefined,
  sent: Pick<OutgoingStart, "id" | "at">,
): Promise<OutgoingStart> {
  if (workflow?.kind !== "workflow") {
    throw new InvalidDefinitionError(
      "tx.start was given something that is no workflow. Expected what workflow(...) returns.",
    );
  }
  const { name, version, definition, pinned, timeoutMs, lifecycleEvents } = workflow;
  const what = `The input of workflow "${name}"`;
  const stored = storable(await parse(workflow.input, input, what), what);
  return {
    kind: "start",
    ...sent,
    executionId: checkExecutionId(asked ?? `${name}-${sent.id}`),
    workflow: name,
    ...(version === undefined ? {} : { version }),
    definition,
    ...(pinned === undefined ? {} : { pinned }),
    input: stored,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(lifecycleEvents === undefined ? {} : { lifecycleEvents }),
  };
}
