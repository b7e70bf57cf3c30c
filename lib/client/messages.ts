/** What a client can say to an execution: signals, ends of callbacks, updates. */
import { signalData } from "../define/outgoing.js";
import { readCallbackToken } from "../model/callback-token.js";
import { ExecutionClosedError, ResultTimeoutError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { checkMessageId, checkOperationName, digest } from "../model/ids.js";
import { isClosed } from "../model/status.js";
import { storable, storableError } from "../model/storable.js";
import { type Duration, durationMs, type EpochMs } from "../model/time.js";
import { decode, type ErrorClasses } from "../model/value.js";
import type { Answer } from "../replay/operation.js";
import { wholeHistory } from "../runtime/history.js";
import { readAnswer } from "../runtime/messages/answers.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { readHead, send } from "./control.js";
import { given } from "./given.js";
import { DEFAULT_WAIT } from "./types.js";

/** Orders what one client sends at one instant of its clock. */
export class SendingOrder {
  #at = 0;
  #nth = 0;

  next(at: EpochMs): { readonly at: EpochMs; readonly nth?: number } {
    this.#nth = at === this.#at ? this.#nth + 1 : 0;
    this.#at = at;
    return this.#nth === 0 ? { at } : { at, nth: this.#nth };
  }
}

/** What makes a message the same one when it is sent again. */
export interface MessageOptions {
  /** 1 to 256 bytes. A repeat with the same id is the same message. Default: a new one. */
  readonly id?: string;
}

export async function signal(
  outside: Outside,
  order: SendingOrder,
  executionId: string,
  name: string,
  data: unknown,
  options: MessageOptions,
): Promise<{ readonly messageId: string }> {
  const { id = outside.token() } = given("client.signal", options);
  const stored = signalData("client.signal", executionId, name, data);
  // No user's id is one of the engine's own, nor one of another kind of message.
  const messageId = `signal:${checkMessageId(id)}`;
  const message = {
    kind: "signal",
    id: messageId,
    ...order.next(outside.clock.now()),
    name,
    data: stored,
  } as const;
  await send(outside, executionId, message);
  return { messageId };
}

/** The first end of a callback counts; whoever comes later is told nothing else. */
export async function endCallback(
  outside: Outside,
  token: string,
  end: { readonly result: unknown } | { readonly error: unknown },
): Promise<void> {
  const { executionId, op } = readCallbackToken(token);
  const content =
    "error" in end
      ? { error: storableError(end.error) }
      : { result: storable(end.result, "What the callback is completed with") };
  const id = `callback:${digest(op, 22)}`;
  await send(outside, executionId, { kind: "callback", id, at: outside.clock.now(), op, ...content });
}

/** Three of them in the time in which one is expected: what comes in between is the same message, so that a busy holder fills no inbox. */
const BEATS_PER_HEARTBEAT = 3;

export async function heartbeatCallback(outside: Outside, token: string): Promise<void> {
  const { executionId, op, heartbeatMs } = readCallbackToken(token);
  if (heartbeatMs === undefined) return;
  const at = outside.clock.now();
  const beatMs = heartbeatMs / BEATS_PER_HEARTBEAT;
  const beat = Math.floor(at / beatMs);
  const id = `heartbeat:${digest(op, 12)}:${beat}`;
  // What comes later in the same beat is the same message, so it speaks for the whole of it.
  const until = Math.ceil((beat + 1) * beatMs);
  // Read when the next one would be overdue: it needs no wake of its own.
  await send(outside, executionId, { kind: "heartbeat", id, at, op, until }, { wake: false });
}

/** Options of an update, which waits for its answer. */
export interface UpdateOptions extends MessageOptions {
  /** How long to wait for the answer. Default one minute. */
  readonly timeout?: Duration;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export async function update(
  outside: Outside,
  order: SendingOrder,
  executionId: string,
  name: string,
  input: unknown,
  options: UpdateOptions,
  classes: ErrorClasses,
): Promise<unknown> {
  const { id, timeout = DEFAULT_WAIT } = given("client.update", options);
  const ownId = checkMessageId(id ?? outside.token());
  const { clock } = outside;
  const began = clock.now();
  const limitMs = durationMs(timeout);
  checkOperationName("client.update", name);
  const messageId = `update:${ownId}`;
  const message = {
    kind: "update",
    id: messageId,
    ...order.next(began),
    name,
    data: storable(input, `The input of update "${name}"`),
  } as const;
  const told = (answer: Answer): unknown => {
    if (answer.ok) return decode(answer.value, classes);
    throw decode(answer.error, classes);
  };
  if (id !== undefined) {
    // A repeat, perhaps, of one that was answered by an execution that has ended since.
    const earlier = await answerAlready(outside, executionId, messageId);
    if (earlier !== undefined) return told(earlier);
  }
  // The execution that has the message: a continued one has handed it on.
  let holder = (await send(outside, executionId, message)).executionId;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    // Before the answer is looked for: one that was given before the end is found.
    const head = await readHead(outside, holder);
    const answer = await readAnswer(outside.store, holder, messageId);
    if (answer !== undefined) return told(answer);
    if (head.continuedTo !== undefined) {
      if (await wasBegun(outside, holder, messageId)) throw new ExecutionClosedError(holder, head.status);
      holder = (await successorOf(outside, head)) ?? holder;
    } else if (isClosed(head.status)) throw new ExecutionClosedError(holder, head.status);
    const left = began + limitMs - clock.now();
    if (left <= 0)
      throw new ResultTimeoutError(executionId, head.status, clock.now() - began, { name, id: ownId });
    await clock.sleep(Math.min(pause, left));
  }
}

/** What this execution, or one that goes on where it ended, has answered before. */
async function answerAlready(
  outside: Outside,
  executionId: string,
  messageId: string,
): Promise<Answer | undefined> {
  for (let holder: string | undefined = executionId; holder !== undefined; ) {
    const answer = await readAnswer(outside.store, holder, messageId);
    if (answer !== undefined) return answer;
    holder = await successorOf(outside, await readHead(outside, holder));
  }
  return undefined;
}

/** Undefined while it has not been created. */
async function successorOf({ store }: Outside, { continuedTo }: Head): Promise<string | undefined> {
  if (continuedTo === undefined) return undefined;
  const successor = await persistently(() => store.readHead(continuedTo));
  return successor?.executionId;
}

/** Whether the handler began in this execution, which has ended: then nobody hands the update on. */
async function wasBegun({ store }: Outside, executionId: string, messageId: string): Promise<boolean> {
  const { events } = await wholeHistory(store, executionId);
  return events.some((event) => event.type === "UpdateReceived" && event.messageId === messageId);
}
