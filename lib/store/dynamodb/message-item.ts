/** Messages that are items of their own. */
import type { Message } from "../../model/message.js";
import { shown } from "../../model/shown.js";
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

/** Its id is checked against its key: under another one it would be taken a second time, and never be deleted. */
export function readMessageItem(item: Item): Message {
  const read = new ItemReader(item);
  const id = read.text("id");
  if (messageKey(read.text("pk"), id).sk !== item.sk)
    read.refuse("id", `is ${shown(id)}, and not the id of the key`);
  return { ...read.json<Message>("message", contentForm), id };
}
