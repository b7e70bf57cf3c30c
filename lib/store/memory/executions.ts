/** Heads, commits, inboxes and payloads, in memory. */
import type { Head } from "../../model/head.js";
import { acceptsMessages, isOpen } from "../../model/status.js";
import { checkDense } from "../dense.js";
import { byAcceptance, fitsInHead, messageBytes, messageContent } from "../inbox.js";
import { checkPayloadSize, checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import { listExecutions } from "../listing.js";
import { newHead } from "../new-head.js";
import { firstPendingAt, initialStates } from "../outbox.js";
import type { ExecutionStore } from "../ports.js";
import { checkTransition } from "../status.js";
import { listingReads } from "./listing.js";
import { settledHead } from "./settled-head.js";
import { copy, type ExecutionItems, frozen, itemsOf, type State } from "./state.js";

export function executionMethods(state: State): ExecutionStore {
  const of = (executionId: string): ExecutionItems => itemsOf(state, executionId);
  const headOf = (executionId: string): Head | undefined => state.executions.get(executionId)?.head;

  return {
    async createExecution(execution) {
      const items = of(execution.executionId);
      if (items.head !== undefined) {
        return { created: items.head.createToken === execution.createToken, head: copy(items.head) };
      }
      items.head = copy(newHead(execution));
      return { created: true, head: copy(items.head) };
    },

    async readHead(executionId) {
      const head = headOf(executionId);
      return head && copy(head);
    },

    async acquireLease({ executionId, seen, owner, token, until }) {
      const head = headOf(executionId);
      if (head === undefined) return { acquired: false, head: undefined };
      const asSeen = head.epoch === seen.epoch && head.lease?.token === seen.leaseToken;
      if (!isOpen(head.status) || !asSeen) return { acquired: head.lease?.token === token, head: copy(head) };
      const taken: Head = { ...head, epoch: head.epoch + 1, lease: { owner, token, until } };
      of(executionId).head = taken;
      return { acquired: true, head: copy(taken) };
    },

    async loadHistory(executionId, afterSlot) {
      const commits = [...(state.executions.get(executionId)?.commits.values() ?? [])]
        .map((stored) => stored.commit)
        .filter((commit) => commit.slot > afterSlot)
        .sort((one, other) => one.slot - other.slot);
      checkDense(executionId, afterSlot, commits);
      return commits;
    },

    async appendCommit(commit, pendingAt) {
      const what = `Commit ${commit.slot} of execution "${commit.executionId}"`;
      checkSize(what, LARGEST_RECORD_BYTES, JSON.stringify(commit.events), JSON.stringify(commit.outgoing));
      const { commits } = of(commit.executionId);
      const found = commits.get(commit.slot);
      if (found !== undefined) {
        return found.commit.token === commit.token
          ? { appended: true }
          : { appended: false, found: found.commit };
      }
      const dueAt = firstPendingAt(commit, pendingAt);
      const { executionId, slot, outgoing } = commit;
      const outbox = { executionId, slot, outgoing, states: initialStates(outgoing), version: 0 };
      commits.set(slot, {
        commit: frozen(copy(commit)),
        outbox: dueAt === undefined ? undefined : copy({ ...outbox, pendingAt: dueAt }),
      });
      return { appended: true };
    },

    async settle(request) {
      checkTransition(request.executionId, request.from, request.settlement.status);
      const items = of(request.executionId);
      const { head } = items;
      if (head === undefined) return { settled: false, head: undefined };
      const next = settledHead(head, request);
      if (next === undefined) {
        return head.settleToken === request.token ? { settled: true } : { settled: false, head: copy(head) };
      }
      items.head = copy(next);
      if (request.drained.length > 0) items.inboxBytes = 0;
      return { settled: true };
    },

    async appendMessage(executionId, message) {
      const head = headOf(executionId);
      if (head === undefined) return { outcome: "missing" };
      if (!acceptsMessages(head.status)) return { outcome: "closed", head: copy(head) };
      if (head.inbox.some((held) => held.id === message.id))
        return { outcome: "duplicate", head: copy(head) };
      const items = of(executionId);
      const inboxSeq = head.inboxSeq + 1;
      if (fitsInHead(message, items.inboxBytes, head.inboxItems)) {
        items.head = { ...head, inboxSeq, inbox: [...head.inbox, copy(message)].sort(byAcceptance) };
        items.inboxBytes += messageBytes(message);
        return { outcome: "appended", head: copy(items.head) };
      }
      checkSize(`Message "${message.id}"`, LARGEST_RECORD_BYTES, messageContent(message));
      // A repeat raises the numbers too: the table can't tell whether the first try came as far as the head.
      const outcome = items.messages.has(message.id) ? "duplicate" : "appended";
      if (outcome === "appended") items.messages.set(message.id, copy(message));
      items.head = { ...head, inboxSeq, inboxItems: head.inboxItems + 1 };
      return { outcome, head: copy(items.head) };
    },

    async loadMessages(executionId) {
      return copy([...(state.executions.get(executionId)?.messages.values() ?? [])].sort(byAcceptance));
    },

    async deleteMessages(executionId, messageIds) {
      for (const id of messageIds) state.executions.get(executionId)?.messages.delete(id);
    },

    async putPayload(executionId, name, value) {
      const json = JSON.stringify(value);
      checkPayloadSize(name, json);
      of(executionId).payloads.set(name, json);
    },

    async getPayload(executionId, name) {
      const json = state.executions.get(executionId)?.payloads.get(name);
      return json === undefined ? undefined : JSON.parse(json);
    },

    listExecutions: async (request) => listExecutions(listingReads(state), request),

    async reopen(executionId) {
      const head = headOf(executionId);
      if (head?.status !== "stalled") return { reopened: false, head: head && copy(head) };
      const { stall: _stall, ...rest } = head;
      const reopened: Head = { ...rest, status: "running" };
      of(executionId).head = reopened;
      return { reopened: true, head: copy(reopened) };
    },
  };
}
