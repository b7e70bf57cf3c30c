/**
 * Handing a message to an execution: append, then wake, in that order. A repeat that finds its message there wakes again, since the one
 * before may have died between the two (PROTOCOL A8). One that was continued is no end: its successor gets the message (PROTOCOL B4), but
 * for what is the end of one operation of the one before.
 */
import type { Head } from "../../model/head.js";
import { isForOneOperation, type Message } from "../../model/message.js";
import { ensureSuccessor } from "../ending/successor.js";
import type { Outside } from "../outside.js";
import { sendMessage } from "./send-message.js";

export type Accepted =
  | { readonly outcome: "appended" | "duplicate" | "closed"; readonly head: Head }
  | { readonly outcome: "missing"; readonly executionId: string };

export interface AcceptOptions {
  /** False sends no wake: for messages that are read when something else is due. */
  readonly wake?: boolean;
}

/** The head that is returned is that of the execution that has the message now, or of the last one that was asked. */
export async function deliverMessage(
  outside: Outside,
  executionId: string,
  message: Message,
  { wake = true }: AcceptOptions = {},
): Promise<Accepted> {
  const append = (id: string) => sendMessage(outside.store, id, message);
  let asked = executionId;
  let result = await append(asked);
  const goesOn = !isForOneOperation(message);
  while (goesOn && result.outcome === "closed" && result.head.continuedTo !== undefined) {
    const before: Head = result.head;
    asked = result.head.continuedTo;
    result = await append(asked);
    // What was deleted had a successor: that one is deleted, too.
    if (result.outcome !== "missing" || before.deletedAt !== undefined) continue;
    await ensureSuccessor(outside, before.executionId);
    result = await append(asked);
  }
  if (result.outcome === "missing") return { outcome: "missing", executionId: asked };
  if (result.outcome !== "closed" && wake)
    await outside.wakes.send({ executionId: asked, reason: "message" }, 0);
  return result;
}
