/** Sending a message to an execution: what is too large for an item is put away first, and the message carries its mark. */
import type { Message } from "../../model/message.js";
import { acceptsMessages } from "../../model/status.js";
import type { ExecutionStore } from "../../store/ports.js";
import { persistently } from "../persistently.js";
import { isLargeMessage, putAwayMessage } from "../values/payloads.js";

/** As `ExecutionStore.appendMessage`, for content of any size that a value may have. May be repeated with the same message. */
export async function sendMessage(
  store: ExecutionStore,
  executionId: string,
  message: Message,
): ReturnType<ExecutionStore["appendMessage"]> {
  if (!isLargeMessage(message)) return persistently(() => store.appendMessage(executionId, message));
  // Nobody would ever delete the payload of an execution that is not there.
  const head = await persistently(() => store.readHead(executionId));
  if (head === undefined) return { outcome: "missing" };
  if (!acceptsMessages(head.status)) return { outcome: "closed", head };
  const sent = await putAwayMessage(store, executionId, message);
  return persistently(() => store.appendMessage(executionId, sent));
}
