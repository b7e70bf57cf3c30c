/** The head that a settlement leaves: the conditions and the write of `settle`, as a function. */
import type { Head } from "../../model/head.js";
import { mayMove } from "../../model/status.js";
import type { Settlement, SettleRequest } from "../ports.js";

/** Undefined when the head is no longer the one that the request may settle. */
export function settledHead(head: Head, request: SettleRequest): Head | undefined {
  const stillTheOwner = head.epoch === request.epoch && head.lease?.token === request.leaseToken;
  const nothingNew = request.inboxSeq === undefined || head.inboxSeq === request.inboxSeq;
  if (!stillTheOwner || !nothingNew || !mayMove(head.status, request.settlement.status)) return undefined;

  const {
    lease: _lease,
    tail: _tail,
    dueAt: _dueAt,
    stall: _stall,
    awaits: _awaits,
    duties: _duties,
    ...kept
  } = head;
  const unended = "closedAt" in request.settlement ? withoutEnd(kept) : kept;
  const drained = new Set(request.drained);
  const exactItems = request.inboxSeq === undefined ? undefined : request.inboxItems;
  return {
    ...unended,
    ...statusFields(request.settlement),
    slot: request.slot,
    ...(request.tail === undefined ? {} : { tail: request.tail }),
    inbox: head.inbox.filter((message) => !drained.has(message.id)),
    inboxItems: exactItems ?? head.inboxItems,
    ...(request.state === undefined ? {} : { state: request.state }),
    waits: request.waits,
    waitCount: request.waitCount,
    settleToken: request.token,
  };
}

/** One that was redriven ends anew: nothing of its end before is left beside that. */
function withoutEnd<H extends Partial<Head>>(head: H) {
  const {
    output: _output,
    error: _error,
    compensation: _compensation,
    continuedTo: _continuedTo,
    ...rest
  } = head;
  return rest;
}

function statusFields(settlement: Settlement): Partial<Head> & Pick<Head, "status"> {
  if (settlement.status === "stalled") {
    return { status: "stalled", stall: { error: settlement.error, at: settlement.at } };
  }
  if (!("closedAt" in settlement)) {
    return {
      status: settlement.status,
      ...(settlement.dueAt === undefined ? {} : { dueAt: settlement.dueAt }),
      ...(settlement.awaits === undefined ? {} : { awaits: settlement.awaits }),
    };
  }
  const { status, closedAt, output, error, compensation, continuedTo, duties } = settlement;
  return {
    status,
    closedAt,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(compensation === undefined ? {} : { compensation }),
    ...(continuedTo === undefined ? {} : { continuedTo }),
    ...(duties === undefined || duties.length === 0 ? {} : { duties }),
  };
}
