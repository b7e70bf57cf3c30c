/** What a client can say to an execution: signals, ends of callbacks, updates. */
import { signalData } from "../define/outgoing.js";
import { readCallbackToken } from "../model/callback-token.js";
import { ExecutionClosedError, ResultTimeoutError } from "../model/errors.js";
import { digest } from "../model/ids.js";
import { isClosed } from "../model/status.js";
import { storable, storableError } from "../model/storable.js";
import { type Duration, durationMs } from "../model/time.js";
import { decode, type ErrorClasses } from "../model/value.js";
import { readAnswer } from "../runtime/answers.js";
import type { Outside } from "../runtime/outside.js";
import { readHead, send } from "./control.js";
import { DEFAULT_WAIT } from "./types.js";

export interface MessageOptions {
  /** The message's id: a repeat with the same id is the same message. Default: a new one. */
  readonly id?: string;
}

export async function signal(
  outside: Outside,
  executionId: string,
  name: string,
  data: unknown,
  { id = outside.token() }: MessageOptions,
): Promise<{ readonly messageId: string }> {
  const stored = signalData("client.signal", executionId, name, data);
  await send(outside, executionId, { kind: "signal", id, at: outside.clock.now(), name, data: stored });
  return { messageId: id };
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
  const beat = Math.floor(at / (heartbeatMs / BEATS_PER_HEARTBEAT));
  const id = `heartbeat:${digest(op, 12)}:${beat}`;
  // Read when the next one would be overdue: it needs no wake of its own.
  await send(outside, executionId, { kind: "heartbeat", id, at, op }, { wake: false });
}

export interface UpdateOptions extends MessageOptions {
  /** How long to wait for the answer. Default one minute. */
  readonly timeout?: Duration;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export async function update(
  outside: Outside,
  executionId: string,
  name: string,
  input: unknown,
  { id = outside.token(), timeout = DEFAULT_WAIT }: UpdateOptions,
  classes: ErrorClasses,
): Promise<unknown> {
  const { store, clock } = outside;
  const began = clock.now();
  const data = storable(input, `The input of update "${name}"`);
  // The execution that has the message: a continued one has handed it on.
  let holder = (await send(outside, executionId, { kind: "update", id, at: began, name, data })).executionId;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    // Before the answer is looked for: one that was given before the end is found.
    const head = await readHead(outside, holder);
    const answer = await readAnswer(store, holder, id);
    if (answer?.ok === true) return decode(answer.value, classes);
    if (answer?.ok === false) throw decode(answer.error, classes);
    if (head.continuedTo !== undefined) holder = head.continuedTo;
    else if (isClosed(head.status)) throw new ExecutionClosedError(holder, head.status);
    const left = began + durationMs(timeout) - clock.now();
    if (left <= 0) throw new ResultTimeoutError(executionId, head.status, clock.now() - began);
    await clock.sleep(Math.min(pause, left));
  }
}
