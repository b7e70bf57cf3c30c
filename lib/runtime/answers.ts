/** Answers to updates: a payload of the execution, named after the message, which its sender looks for. */
import type { Encoded } from "../model/value.js";
import type { Answer, AnswerOperation } from "../replay/operation.js";
import type { ExecutionStore } from "../store/ports.js";
import type { Happening } from "./happening.js";
import { persistently } from "./persistently.js";
import type { Work } from "./work.js";

export async function storeAnswer({ outside, owned }: Work, operation: AnswerOperation): Promise<Happening> {
  const { path: op, messageId, answer } = operation;
  const stored: Encoded = answer.ok ? [true, answer.value] : [false, answer.error];
  await persistently(() => outside.store.putPayload(owned.head.executionId, nameOf(messageId), stored));
  return { event: { type: "UpdateAnswered", op, messageId } };
}

/** Undefined when it was not answered (yet). */
export async function readAnswer(
  store: ExecutionStore,
  executionId: string,
  messageId: string,
): Promise<Answer | undefined> {
  const stored = await persistently(() => store.getPayload(executionId, nameOf(messageId)));
  if (stored === undefined || !Array.isArray(stored)) return undefined;
  const [ok, content = null] = stored;
  return ok === true ? { ok, value: content } : { ok: false, error: content };
}

function nameOf(messageId: string): string {
  return `answer-${messageId}`;
}
