/** The head that `reopen` leaves: what ended it is gone but for its output, and the message that says so is in its inbox. */
import type { Head } from "../../model/head.js";
import type { RedriveMessage } from "../../model/message.js";
import { byAcceptance } from "../../model/message.js";

export function reopenedHead(head: Head, message: RedriveMessage): Head {
  const {
    stall: _stall,
    closedAt: _closedAt,
    error: _error,
    compensation: _compensation,
    duties: _duties,
    ...kept
  } = head;
  const others = kept.inbox.filter((held) => held.id !== message.id);
  return {
    ...kept,
    status: "running",
    inboxSeq: head.inboxSeq + 1,
    inbox: [...others, message].sort(byAcceptance),
  };
}
