/** Answers to updates: a payload of the execution, named after the message, which its sender looks for. */
import { SealedValueError } from "../../model/sealed-error.js";
import { sealedBytesBy } from "../../model/sealed-mark.js";
import type { Encoded } from "../../model/value.js";
import type { Answer, AnswerOperation } from "../../replay/operation.js";
import type { ExecutionStore } from "../../store/ports.js";
import { persistently } from "../persistently.js";
import type { Happening } from "../turn/happening.js";
import type { Work } from "../turn/work.js";
import { bringBackValue, putAwayValue } from "../values/payloads.js";

export async function storeAnswer({ outside, owned }: Work, operation: AnswerOperation): Promise<Happening> {
  const { path: op, messageId, answer } = operation;
  const { executionId } = owned.head;
  const content = await putAwayValue(
    outside.store,
    executionId,
    "answer",
    answer.ok ? answer.value : answer.error,
  );
  const stored = JSON.stringify([answer.ok, content]);
  await persistently(() => outside.store.putPayload(executionId, nameOf(messageId), stored));
  return { event: { type: "UpdateAnswered", op, messageId } };
}

/** Undefined when it was not answered (yet). */
export async function readAnswer(
  store: ExecutionStore,
  executionId: string,
  messageId: string,
): Promise<Answer | undefined> {
  const stored = await persistently(() => store.getPayload(executionId, nameOf(messageId)));
  const codec = stored === undefined ? undefined : sealedBytesBy(stored);
  if (codec !== undefined) throw new SealedValueError(codec);
  if (typeof stored !== "string") return undefined;
  const [ok, kept]: readonly [boolean, Encoded] = JSON.parse(stored);
  const content = await bringBackValue(store, executionId, kept);
  return ok ? { ok, value: content } : { ok, error: content };
}

function nameOf(messageId: string): string {
  return `answer-to-${messageId}`;
}
