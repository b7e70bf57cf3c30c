/** Messages that are items of their own. */
import type { Message } from "../../model/message.js";
import { messageContent as contentForm } from "../../model/stored-forms.js";
import { messageContent } from "../inbox.js";
import { type Item, ItemReader } from "./item.js";
import { itemToken } from "./item-token.js";
import { messageKey } from "./keys.js";
import { packed } from "./packed.js";

export function messageItem(executionId: string, message: Message): Item {
  return {
    ...messageKey(executionId, message.id),
    id: message.id,
    message: packed(messageContent(message)),
    token: itemToken(),
  };
}

export function readMessageItem(item: Item): Message {
  const read = new ItemReader(item);
  return { ...read.json<Message>("message", contentForm), id: read.text("id") };
}
