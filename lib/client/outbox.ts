/**
 * What rides in a transaction of the user's own (PROTOCOL D1): an event that is published, or an execution that is started, if and only if
 * that transaction commits. Nothing is written here. The items go into the `TransactItems` of one `TransactWriteCommand` of DynamoDB's
 * document client, beside the user's own; its credentials must be allowed to put items into the Executions table.
 */
import { HEAD_VALUE_BYTES } from "../decide/payload.js";
import type { SendOptions } from "../define/context.js";
import type { EventType } from "../define/event.js";
import { expiry } from "../define/outgoing.js";
import { parse } from "../define/schema.js";
import type { Workflow } from "../define/workflow.js";
import { InvalidInputError } from "../model/errors.js";
import { checkExecutionId, checkName } from "../model/ids.js";
import { checkedLabels, type Labels } from "../model/labels.js";
import { shown } from "../model/shown.js";
import { jsonBytes, storable } from "../model/storable.js";
import type { TransactionAction } from "../model/transaction.js";
import { newExecution } from "../runtime/create.js";
import type { Outside } from "../runtime/outside.js";
import { pack, putPacked } from "../runtime/values/payloads.js";
import { listOutgoing, type OutgoingOptions, type OutgoingPage, retryOutgoing } from "./outgoing.js";
import { detailOf } from "./publish.js";

/** What was asked for, as items for `TransactItems`. All of them belong into one transaction. */
export interface Staged {
  readonly items: readonly TransactionAction[];
}

/** An event that a transaction of yours will send. */
export interface StagedEvent extends Staged {
  /** The event's stable id, under which it will be published. */
  readonly eventId: string;
}

/** An execution that a transaction of yours will start. */
export interface StagedStart extends Staged {
  readonly executionId: string;
}

/** The user's own transactions as a source of events and starts. Staged items are of one transaction: stage anew for another. */
export class ClientOutbox {
  readonly #connect: () => Promise<Outside>;

  constructor(connect: () => Promise<Outside>) {
    this.#connect = connect;
  }

  /** Outgoing messages that nobody has got yet, or that were given up: where each stands, its tries and its last error. */
  async list(options: OutgoingOptions = {}): Promise<OutgoingPage> {
    return listOutgoing((await this.#connect()).store, options);
  }

  /**
   * Has what was given up in a commit tried again, at once; where the wake queue does not answer, by the audit within 6 minutes. What expired
   * stays as it is.
   * @param commit as a listed message names it
   * @returns how many messages are tried again
   * @throws InvalidInputError when nothing of it is given up
   */
  async retry(commit: string): Promise<{ readonly retried: number }> {
    return { retried: await retryOutgoing(await this.#connect(), commit) };
  }

  /**
   * An event; its payload is checked against the event's schema first.
   * @param options `id` is the event's stable id, 1 to 200 characters, by default a new one. A transaction with an id that is staged and not
   *   published yet is cancelled (`ConditionalCheckFailed`)
   * @throws InvalidInputError, PayloadTooLargeError
   */
  async stage<Input, Data>(
    event: EventType<Input, Data>,
    data: NoInfer<Input>,
    options: SendOptions & { readonly id?: string } = {},
  ): Promise<StagedEvent> {
    const outside = await this.#connect();
    const name = checkName("an event", event.name);
    await parse(event.schema, data, `The payload of event "${name}"`);
    const eventId = checkEventId(options.id ?? outside.token());
    const at = outside.clock.now();
    const message = {
      kind: "event",
      id: eventId,
      name,
      detail: detailOf(name, data),
      at,
      ...expiry(at, options),
    } as const;
    return { eventId, items: [await outside.store.stageOutgoing(message, at)] };
  }

  /**
   * A new execution; its input is checked against the workflow's schema first. It begins when the transaction has committed.
   * @param options `id` is the execution's, a natural key of yours; by default a new one. A transaction with an id that is taken is cancelled
   *   (`ConditionalCheckFailed`), whatever the workflow and the input of the execution that has it; `application` and `pipelineConfigId` as in
   *   `client.start`
   * @throws InvalidInputError, UnencodableValueError, PayloadTooLargeError
   */
  async startInTransaction<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: NoInfer<Input>,
    options: Labels & { readonly id?: string } = {},
  ): Promise<StagedStart> {
    const outside = await this.#connect();
    const labels = checkedLabels(options);
    const executionId = options.id === undefined ? outside.token() : checkExecutionId(options.id);
    const what = `The input of workflow "${workflow.name}"`;
    const encoded = storable(await parse(workflow.input, input, what), what);
    const packed = jsonBytes(encoded) <= HEAD_VALUE_BYTES ? undefined : pack("input", encoded);
    // An object can't ride in a transaction: it is there before, and of no use to anybody if the transaction is cancelled.
    if (packed?.place === "object") await putPacked(outside.store, executionId, packed);
    const now = outside.clock.now();
    const head = await outside.store.stageExecution(
      newExecution({
        executionId,
        workflow,
        input: packed === undefined ? { inline: encoded } : { payload: packed.name },
        createdAt: now,
        ...labels,
        createToken: outside.token(),
      }),
      now,
    );
    if (packed?.place !== "item") return { executionId, items: [head] };
    const payload = await outside.store.stagePayload(executionId, packed.key, packed.content);
    return { executionId, items: [head, payload] };
  }
}

function checkEventId(id: unknown): string {
  if (typeof id === "string" && id !== "" && id.length <= 200) return id;
  throw new InvalidInputError("The event's id", [
    { path: "id", message: `expected text of 1 to 200 characters, found ${shown(id)}` },
  ]);
}
