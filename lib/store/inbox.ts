/**
 * Where an accepted message lies. Every lease and every settlement rewrites the head, so it only keeps a few small messages; the rest are
 * items of their own, and thousands of them never make the head grow.
 *
 * Once one message is an item, all that follow are items until the owner has drained them: so a message id can only be in one of the two
 * places, and a repeat is refused by the condition of the place where its first copy lies.
 */
import type { Message } from "../model/message.js";
import { utf8Bytes } from "./limits.js";

/** A message above this is an item of its own: two of them would already take an ordinary head past 1 KB. */
export const SMALL_MESSAGE_BYTES = 300;

/** What the messages in a head may take together: the rest of 1 KB belongs to the input, the lease and the tail. */
export const INBOX_ROOM_BYTES = 400;

/** A message as the head keeps it: its id is the map's key, so it is not repeated in the content. */
export function messageContent(message: Message): string {
  const { id: _id, ...content } = message;
  return JSON.stringify(content);
}

/** What the message adds to a head. */
export function messageBytes(message: Message): number {
  return utf8Bytes(message.id) + utf8Bytes(messageContent(message));
}

export function isSmall(message: Message): boolean {
  return messageBytes(message) <= SMALL_MESSAGE_BYTES;
}

/** Whether a head with `inboxBytes` of messages, `inboxItems` of them elsewhere, takes this one. */
export function fitsInHead(message: Message, inboxBytes: number, inboxItems: number): boolean {
  return isSmall(message) && inboxItems === 0 && inboxBytes + messageBytes(message) <= INBOX_ROOM_BYTES;
}
