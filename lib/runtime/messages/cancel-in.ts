import type { Head } from "../../model/head.js";
import type { CancelMessage, Message } from "../../model/message.js";
import type { ExecutionStore } from "../../store/ports.js";
import { persistently } from "../persistently.js";

/** The request to cancel that lies in an execution's inbox, be it in the head or, where that had no room, an item of its own. */
export async function cancelIn(store: ExecutionStore, head: Head): Promise<CancelMessage | undefined> {
  const inHead = head.inbox.find(isCancel);
  if (inHead !== undefined || head.inboxItems === 0) return inHead;
  return (await persistently(() => store.loadMessages(head.executionId))).find(isCancel);
}

function isCancel(message: Message): message is CancelMessage {
  return message.kind === "cancel";
}
