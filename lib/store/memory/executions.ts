/** Heads, commits, inboxes and payloads, in memory. */
import type { Head } from "../../model/head.js";
import { byAcceptance } from "../../model/message.js";
import { acceptsMessages, isOpen } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { checkDense, emptySlots } from "../dense.js";
import { fitsInHead, messageBytes, messageContent } from "../inbox.js";
import { checkCommitSize, checkPayloadSize, checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import { newHead } from "../new-head.js";
import { firstPendingAt, initialStates } from "../outbox.js";
import type { Commit, ExecutionStore, PayloadStore } from "../ports.js";
import { checkTransition, mayReopen } from "../status.js";
import type { Transact } from "../transact.js";
import { checkTransaction } from "../transaction.js";
import { reopenedHead } from "./reopened-head.js";
import { settledHead } from "./settled-head.js";
import { copy, type ExecutionItems, entryOf, frozen, itemsOf, type State } from "./state.js";

export function executionMethods(state: State, transact: Transact): Omit<ExecutionStore, keyof PayloadStore> {
  const of = (executionId: string): ExecutionItems => itemsOf(state, executionId);
  const headOf = (executionId: string): Head | undefined => state.executions.get(executionId)?.head;

  const commitsOf = (executionId: string, afterSlot: number): Commit[] =>
    [...(state.executions.get(executionId)?.commits.values() ?? [])]
      .map((stored) => stored.commit)
      .filter((commit) => commit.slot > afterSlot)
      .sort((one, other) => one.slot - other.slot);

  /** The commit in its slot, or the one that stands there. */
  const fill = (commit: Commit, pendingAt: EpochMs | undefined): Commit => {
    const { commits } = of(commit.executionId);
    const found = commits.get(commit.slot);
    if (found !== undefined) return found.commit;
    const dueAt = firstPendingAt(commit, pendingAt);
    const { executionId, slot, outgoing } = commit;
    const outbox = { executionId, slot, outgoing, states: initialStates(outgoing), version: 0 };
    commits.set(slot, {
      commit: frozen(copy(commit)),
      outbox: dueAt === undefined ? undefined : copy({ ...outbox, pendingAt: dueAt }),
    });
    return commit;
  };

  return {
    async createExecution(execution) {
      const items = of(execution.executionId);
      if (items.head !== undefined) {
        return { created: items.head.createToken === execution.createToken, head: copy(items.head) };
      }
      items.head = copy(newHead(execution));
      return { created: true, head: copy(items.head) };
    },

    async noteDutiesDone({ executionId, status, epoch }) {
      const { head } = state.executions.get(executionId) ?? {};
      if (head?.status !== status || head.epoch !== epoch) return;
      const { duties: _done, ...rest } = head;
      of(executionId).head = rest;
    },

    async readHead(executionId) {
      const head = headOf(executionId);
      return head && copy(head);
    },

    async acquireLease({ executionId, seen, owner, token, until, evenStalled, pin }) {
      const head = headOf(executionId);
      if (head === undefined) return { acquired: false, head: undefined };
      const asSeen = head.epoch === seen.epoch && head.lease?.token === seen.leaseToken;
      const mayBeOwned = isOpen(head.status) || (evenStalled === true && head.status === "stalled");
      if (!mayBeOwned || !asSeen) return { acquired: head.lease?.token === token, head: copy(head) };
      const taken: Head = {
        ...head,
        epoch: head.epoch + 1,
        lease: { owner, token, until },
        ...(pin === undefined ? {} : { pin }),
      };
      of(executionId).head = taken;
      return { acquired: true, head: copy(taken) };
    },

    async movePin({ executionId, from, to }) {
      const head = headOf(executionId);
      if (head?.pin !== from) return { moved: head?.pin === to, head: head && copy(head) };
      const moved = { ...head, pin: to };
      of(executionId).head = moved;
      return { moved: true, head: copy(moved) };
    },

    async failLease(executionId, leaseToken) {
      const head = headOf(executionId);
      if (head?.lease?.token === leaseToken)
        of(executionId).head = { ...head, lease: { ...head.lease, failed: true } };
    },

    async loadHistory(executionId, afterSlot) {
      const commits = commitsOf(executionId, afterSlot);
      checkDense(executionId, afterSlot, commits);
      return commits;
    },

    async salvageHistory(executionId) {
      const commits = commitsOf(executionId, 0);
      return { commits, unread: emptySlots(commits, commits.at(-1)?.slot ?? 0) };
    },

    async appendCommit(commit, pendingAt) {
      checkCommitSize(commit);
      const found = fill(commit, pendingAt);
      return found.token === commit.token ? { appended: true } : { appended: false, found: found };
    },

    async commitTransaction(commit, actions, pendingAt) {
      checkTransaction(commit, actions);
      if (of(commit.executionId).commits.get(commit.slot) === undefined && actions.length > 0) {
        const reasons = transact(actions);
        if (reasons?.some((reason) => reason.code !== "None")) return { outcome: "refused", reasons };
      }
      const found = fill(commit, pendingAt);
      return found.token === commit.token ? { outcome: "appended" } : { outcome: "taken", found: found };
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
      checkSize(`Message "${message.id}"`, LARGEST_RECORD_BYTES, messageContent(message));
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

    async putPayload(executionId, name, content) {
      checkPayloadSize(name, content);
      entryOf(of(executionId).payloads, name, () => sameContent(content));
    },

    async getPayload(executionId, name) {
      const content = state.executions.get(executionId)?.payloads.get(name);
      return content && sameContent(content);
    },

    async reopen(executionId, seen, message) {
      const head = headOf(executionId);
      if (head === undefined) return { reopened: false, head };
      if (!mayReopen(head) || head.deletedAt !== undefined || head.epoch !== seen.epoch) {
        return { reopened: head.inbox.some((held) => held.id === message.id), head: copy(head) };
      }
      const items = of(executionId);
      items.head = reopenedHead(head, copy(message));
      items.inboxBytes += messageBytes(message);
      return { reopened: true, head: copy(items.head) };
    },
  };
}

function sameContent(content: string | Uint8Array): string | Uint8Array {
  return typeof content === "string" ? content : Uint8Array.from(content);
}
