/**
 * What holds of every simulated run, seen from the trace of its calls alone: who wrote, who owned, what was accepted and what was published.
 * What holds of the executions that it leaves is in `../invariants.ts`.
 */

import type { HistoryEvent } from "../../../lib/model/history-event.js";
import { isForOneOperation, type Message } from "../../../lib/model/message.js";
import { isFinal, type OutboxEntryState } from "../../../lib/model/outgoing.js";
import { isClosed, isOpen } from "../../../lib/model/status.js";
import type { NewExecution, SettleRequest } from "../../../lib/store/ports.js";
import type { EndedExecution } from "../invariants.js";
import { appendedBy, settledBy } from "./durable.js";
import {
  calls,
  idIn,
  own,
  publishedBy,
  reply,
  type Sentence,
  type SimulatedEnd,
  undisturbed,
} from "./sentence.js";
import { START_SENTENCES } from "./start-sentences.js";
import type { BegunBody, MadeCall } from "./trace.js";
import type { Fault, Weather } from "./weather.js";

export type { SimulatedEnd } from "./sentence.js";

export const SENTENCES: Readonly<Record<string, Sentence>> = {
  "each epoch of an execution has one writer": (end) => {
    const writers = new Map<string, Set<number>>();
    for (const call of calls(end)) {
      const commit = appendedBy(call);
      if (commit === undefined || commit.epoch === 0) continue;
      const key = `${commit.executionId}, epoch ${commit.epoch}`;
      writers.set(key, (writers.get(key) ?? new Set()).add(call.process));
    }
    return [...writers].flatMap(([key, { size }]) => (size === 1 ? [] : [`${key} has ${size}`]));
  },

  "a slot is filled once": (end) => {
    const filled = new Map<string, string>();
    return calls(end).flatMap((call) => {
      const commit = appendedBy(call);
      if (commit === undefined) return [];
      const key = `${commit.executionId}, slot ${commit.slot}`;
      const before = filled.get(key) ?? commit.token;
      filled.set(key, commit.token);
      return before === commit.token ? [] : [key];
    });
  },

  "epochs never fall from slot to slot": (end) =>
    own(end).flatMap(({ head, commits }) =>
      commits.some(({ epoch }, index) => epoch < (commits[index - 1]?.epoch ?? 0)) ? [head.executionId] : [],
    ),

  "each lease has an epoch of its own, above all before it": (end) => {
    const last = new Map<string, number>();
    return calls(end).flatMap((call) => {
      if (call.name !== "store.acquireLease" || reply(call).acquired !== true) return [];
      const { epoch, lease } = Object(reply(call).head);
      const id = idIn(call);
      const key = `${id}\n${Object(lease).token}`;
      // A repeat of the same acquisition finds its own.
      if (last.get(key) === epoch) return [];
      const before = last.get(id) ?? 0;
      last.set(id, epoch);
      last.set(key, epoch);
      return epoch > before ? [] : [`${id}: ${epoch} after ${before}`];
    });
  },

  "a lease is taken from nobody before its end, but by a redelivery of its own message or to terminate": (
    end,
  ) => {
    const held = new Map<string, { owner: string; until: number; token: string }>();
    const taken: string[] = [];
    for (const call of calls(end)) {
      const id = idIn(call);
      if (call.name === "store.createExecution" && reply(call).created === true) {
        const { lease } = call.args[0] as NewExecution;
        if (lease !== undefined) held.set(id, lease);
      }
      const settled = settledBy(call);
      if (settled !== undefined) held.delete(settled.executionId);
      if (call.name !== "store.acquireLease" || reply(call).acquired !== true) continue;
      const request = Object(call.args[0]);
      const before = held.get(id);
      if (
        before !== undefined &&
        before.token !== request.token &&
        before.until > call.clock &&
        before.owner !== request.owner &&
        request.evenStalled !== true
      )
        taken.push(`${id} from ${before.owner} by ${request.owner}`);
      held.set(id, request);
    }
    return taken;
  },

  "whoever takes an unreleased lease writes that down before anything else": (end) => {
    const takenFrom = new Map<string, string>();
    return calls(end).flatMap((call) => {
      const id = idIn(call);
      if (call.name === "store.acquireLease" && reply(call).acquired === true) {
        const { seen } = Object(call.args[0]);
        const { epoch } = Object(reply(call).head);
        if (seen.leaseToken !== undefined) takenFrom.set(`${id}\n${epoch}`, seen.leaseToken);
      }
      const commit = appendedBy(call);
      const key = `${commit?.executionId}\n${commit?.epoch}`;
      if (commit === undefined || !takenFrom.delete(key)) return [];
      return commit.events.some(({ type }) => type === "LeaseTaken") ? [] : [`${id}, slot ${commit.slot}`];
    });
  },

  "who has lost a slot, or a settlement, writes no more": (end) => {
    const lost = new Map<string, number>();
    return calls(end).flatMap((call) => {
      if (!/^store\.(appendCommit|commitTransaction|settle)$/.test(call.name)) return [];
      const { epoch, slot = Number.POSITIVE_INFINITY } = Object(call.args[0]);
      const owner = `${idIn(call)}, epoch ${epoch}, process ${call.process}`;
      // Whether it would have been refused, too: whoever has lost the one knows it. The very same write may be made again.
      const goesOn = slot > (lost.get(owner) ?? Number.POSITIVE_INFINITY);
      const isLost = call.told && call.name !== "store.settle" && appendedBy(call) === undefined;
      if (isLost && Object(call.reply).outcome !== "refused" && !isTakeover(call)) lost.set(owner, slot);
      return goesOn ? [`${owner}: ${call.name}`] : [];
    });
  },

  "an own write that is made again is known as one's own": (end) => {
    const done = new Map<string, string>();
    return calls(end).flatMap((call) => {
      if (!/^store\.(appendCommit|settle)$/.test(call.name)) return [];
      // The last settlement alone: one before it is another owner's affair by now.
      const { slot, token } = Object(call.args[0]);
      const place = `${call.name} ${idIn(call)} ${call.name === "store.settle" ? "" : slot}`;
      const isDone = appendedBy(call) !== undefined || settledBy(call) !== undefined;
      if (isDone) done.set(place, token);
      return !isDone && done.get(place) === token ? [place] : [];
    });
  },

  "nothing is written after an end, but what a redrive begins": (end) => {
    const closed = new Set<string>();
    return calls(end).flatMap((call) => {
      const settled = settledBy(call);
      const commit = appendedBy(call);
      if (call.name === "store.reopen" && reply(call).reopened === true) closed.delete(idIn(call));
      const id = settled?.executionId ?? commit?.executionId;
      if (id === undefined) return [];
      const broken = closed.has(id) && !isRepeat(end, call);
      if (settled !== undefined && isClosed(settled.settlement.status)) closed.add(id);
      return broken ? [`${id}: ${call.name}`] : [];
    });
  },

  "a settlement knows of every message that was accepted before it": (end) => {
    const accepted = new Map<string, number>();
    return calls(end).flatMap((call) => {
      const id = idIn(call);
      // A repeat of a message that is an item of its own counts, too.
      const counts = call.name === "store.appendMessage" || call.name === "store.reopen";
      const { inboxSeq } = Object(reply(call).head);
      if (counts && inboxSeq !== undefined) accepted.set(id, inboxSeq);
      const settled = settledBy(call);
      if (settled?.inboxSeq === undefined || isRepeat(end, call)) return [];
      const seq = accepted.get(settled.executionId) ?? 0;
      return settled.inboxSeq === seq
        ? []
        : [`${settled.executionId} had ${seq}, and knew ${settled.inboxSeq}`];
    });
  },

  "a suspension with a time is preceded by a wake for it": (end) => {
    const armed = new Set<string>();
    return calls(end).flatMap((call) => {
      if (call.name === "wakes.send" || call.name === "wakes.schedule") {
        const { executionId, dueAt } = Object(call.args[0]);
        armed.add(`${executionId}\n${dueAt}`);
      }
      const settled = settledBy(call);
      if (settled === undefined || !isOpen(settled.settlement.status)) return [];
      const { executionId, settlement } = settled;
      const dueAt = (settlement as { dueAt?: number }).dueAt;
      if (dueAt === undefined) return [];
      // A turn that yields is due at once, and its wake has no time.
      const yields = dueAt <= call.clock && armed.has(`${executionId}\nundefined`);
      const isCarried = armed.has(`${executionId}\n${dueAt}`) || yields;
      return isCarried ? [] : [`${executionId} until ${dueAt}`];
    });
  },

  "an end that others wait for is told before anybody says that it was": (end) => {
    const ends = new Map<string, SettleRequest>();
    const told = new Set<string>();
    return calls(end).flatMap((call) => {
      const settled = settledBy(call);
      if (settled !== undefined) ends.set(settled.executionId, settled);
      if (call.name === "store.appendMessage") told.add(`${idIn(call)}\n${Object(call.args[1]).id}`);
      if (call.name === "store.createExecution") told.add(`created\n${idIn(call)}`);
      if (call.name !== "store.noteDutiesDone") return [];
      const { executionId, parent, epoch, continuedTo } = Object(call.args[0]);
      const { duties = [] } = Object(ends.get(executionId)?.settlement);
      const isParentTold = told.has(`${parent?.executionId}\nchild:${executionId}:${epoch}`);
      const untold =
        (duties.includes("parent") && !isParentTold) ||
        (duties.includes("successor") && !told.has(`created\n${continuedTo}`));
      return untold ? [executionId] : [];
    });
  },

  "an execution is created once": (end) => {
    const tokens = new Map<string, Set<string>>();
    for (const call of calls(end)) {
      if (call.name !== "store.createExecution" || reply(call).created !== true) continue;
      const { createToken } = call.args[0] as NewExecution;
      tokens.set(idIn(call), (tokens.get(idIn(call)) ?? new Set()).add(createToken));
    }
    return [...tokens].flatMap(([id, { size }]) => (size === 1 ? [] : [id]));
  },

  "an event is recorded as new once": (end) => {
    const first = new Map<string, number>();
    for (const call of calls(end)) {
      if (call.name !== "store.putRecentEvent" || reply(call).first !== true) continue;
      const { name, key, id } = Object(call.args[0]);
      const which = `${name} ${key} ${id}`;
      first.set(which, (first.get(which) ?? 0) + 1);
    }
    return [...first].flatMap(([which, times]) => (times === 1 ? [] : [which]));
  },

  "every message that was accepted is in a history, or named as unread, or still in the inbox": (end) =>
    calls(end).flatMap((call) => {
      if (call.name !== "store.appendMessage" || reply(call).outcome !== "appended") return [];
      const { id, kind } = Object(call.args[1]);
      const executionId = idIn(call);
      const found = own(end).find(({ head }) => head.executionId === executionId);
      // The listener's; and a heartbeat may be overtaken by the end of its callback.
      if (found === undefined || kind === "heartbeat") return [];
      const isThere = (one: EndedExecution): boolean =>
        JSON.stringify(one.history).includes(JSON.stringify(id)) ||
        one.head.inbox.some((message) => message.id === id) ||
        one.head.inboxItems > 0;
      return isThere(found) ? [] : [`${kind} ${id} of ${executionId}`];
    }),

  "what was published stands in a commit, at the place that it bears": (end) => {
    const places = new Map<string, string>();
    for (const { commits } of own(end))
      for (const { executionId, slot, outgoing } of commits)
        for (const [index, { id }] of outgoing.entries())
          places.set(id, `holdfast:order:test/${executionId}/${slot}/${index}`);
    return [...end.published].flatMap(([id, { order }]) => {
      const place = places.get(id);
      return place !== undefined && place === order ? [] : [`${id} bears ${order}, and stands at ${place}`];
    });
  },

  "nothing is still to be carried": ({ pendingOutboxes }) =>
    pendingOutboxes === 0 ? [] : [`${pendingOutboxes} commits`],

  "nothing is published twice unless something went wrong": ({ published, trace }) => {
    const again = [...published].filter(([, { times }]) => times > 1);
    return trace.faults.length > 0 ? [] : again.map(([id]) => id);
  },

  "no lease, no duty and no wait record is left in a closed head": (end) =>
    own(end).flatMap(({ head: { executionId, lease, duties, waits, status } }) =>
      lease === undefined && duties === undefined && (waits.length === 0 || status === "terminated")
        ? []
        : [executionId],
    ),

  "the head's slot is that of the last commit": (end) =>
    own(end).flatMap(({ head, commits }) => (head.slot === commits.length ? [] : [head.executionId])),

  "nobody who could go on by himself stands still": ({ standing }) => standing,

  "whoever has accepted a message sends a wake for it": (end) => {
    const isUndisturbed = undisturbed(end);
    const later = new Map<string, number>();
    for (const [index, call] of calls(end).entries())
      if (call.name === "wakes.send") later.set(`${call.process}\n${idIn(call)}`, index);
    return calls(end).flatMap((call, index) => {
      const { outcome } = reply(call);
      const isAccepted =
        call.name === "store.appendMessage" && (outcome === "appended" || outcome === "duplicate");
      if (
        !isAccepted ||
        !call.told ||
        !isUndisturbed(call.process) ||
        Object(call.args[1]).kind === "heartbeat"
      )
        return [];
      return (later.get(`${call.process}\n${idIn(call)}`) ?? -1) > index
        ? []
        : [`${idIn(call)}, process ${call.process}`];
    });
  },

  "what comes for one that continued goes on to its successor": (end) => {
    const isUndisturbed = undisturbed(end);
    const handed = new Set<string>();
    const placeOf = (call: MadeCall, executionId: string): string =>
      `${Object(call.args[1]).id} for ${executionId}, process ${call.process}`;
    // From the end: each that was refused is handed over later.
    return calls(end)
      .toReversed()
      .flatMap((call) => {
        if (call.name !== "store.appendMessage") return [];
        const { continuedTo } = Object(reply(call).head);
        const place = placeOf(call, continuedTo);
        const isHandedOn = handed.has(place);
        handed.add(placeOf(call, idIn(call)));
        const isRefused = reply(call).outcome === "closed" && continuedTo !== undefined;
        if (!isRefused || isForOneOperation(call.args[1] as Message)) return [];
        return isHandedOn || !call.told || !isUndisturbed(call.process) ? [] : [place];
      });
  },

  "an inbox holds no message twice": (end) =>
    calls(end).flatMap((call) => {
      if (call.name !== "store.appendMessage") return [];
      const ids: readonly string[] = (Object(reply(call).head).inbox ?? []).map(
        ({ id }: { id: string }) => id,
      );
      return new Set(ids).size === ids.length ? [] : [idIn(call)];
    }),

  "a lease lasts longer than its process": (end) => {
    if (mayBeLate(end.weather)) return [];
    return calls(end).flatMap((call) => {
      const request = Object(call.args[0]);
      const isTaken = call.name === "store.acquireLease" && reply(call).acquired === true;
      return isTaken && request.until - call.clock < LEAST_LEASE_MS
        ? [`${idIn(call)}, process ${call.process}`]
        : [];
    });
  },

  "each run of a body is an attempt": (end) => {
    if (mayBeLate(end.weather)) return [];
    const runs = new Map<string, number>();
    for (const { key } of end.trace.bodies) runs.set(key, (runs.get(key) ?? 0) + 1);
    return own(end).flatMap(({ head, history }) => {
      if (history.some(({ type }) => type === "ExecutionRedriven")) return [];
      return history.flatMap((event) => {
        if (event.type !== "StepCompleted") return [];
        const key = `${head.executionId}/${event.op}`;
        // An owner whose turn only failed has used up none.
        const failed = history.filter((one) => one.type === "LeaseTaken" && one.failed === true).length;
        const most = event.attempt + failed;
        return (runs.get(key) ?? 0) <= most
          ? []
          : [`${key}: ${runs.get(key)} runs, attempt ${event.attempt}`];
      });
    });
  },

  "what completed is undone when its execution fails": (end) =>
    own(end).flatMap(({ coldReplay }) => coldReplay.notUndone),

  "what is asked for later falls due later": (end) =>
    own(end).flatMap(({ coldReplay }) => coldReplay.dueBefore),

  "an event is recorded before anybody looks for who waits for it": (end) =>
    lookedBefore(end, "store.putRecentEvent", "store.findWaits"),

  "a wait is registered before anybody looks back for what came before it": (end) =>
    lookedBefore(end, "store.putWait", "store.findRecentEvents"),

  "no wait times out over an event that was there when it was registered": (end) => {
    const made = calls(end);
    const registeredAt = (executionId: string, op: string): number =>
      made.findIndex(({ name, args: [wait] }) => {
        const record = Object(wait);
        return name === "store.putWait" && record.executionId === executionId && record.op === op;
      });
    return own(end).flatMap(({ head, history, coldReplay }) =>
      coldReplay.timedOut.flatMap(({ op, name, key, since, deadline }) => {
        const missed = made.slice(0, registeredAt(head.executionId, op) + 1).find((call) => {
          const event = Object(reply(call).recorded);
          const isInTime = event.recordedAt >= since && event.recordedAt < deadline;
          const isOfIt = event.name === name && event.key === key && isInTime;
          return (
            call.name === "store.putRecentEvent" && isOfIt && !JSON.stringify(history).includes(event.id)
          );
        });
        return missed === undefined ? [] : [`${head.executionId}/${op} missed ${idIn(missed)}`];
      }),
    );
  },

  "a wait times out only once its past was looked at": (end) => {
    const made = calls(end);
    return own(end).flatMap(({ head: { executionId }, coldReplay }) =>
      coldReplay.timedOut.flatMap(({ op, name, key }) => {
        const isTimeout = (event: HistoryEvent): boolean => event.type === "WaitTimedOut" && event.op === op;
        const at = made.findIndex((call) => idIn(call) === executionId && writtenBy(call).some(isTimeout));
        const process = made[at]?.process;
        const before = made.slice(0, at);
        const takesOver = before.some(
          (call) => call.process === process && idIn(call) === executionId && isTakenOverBy(call),
        );
        const registered = new Set<number>();
        const hasLooked = before.some((call) => {
          const asked = Object(call.args[0]);
          if (call.name === "store.putWait" && asked.executionId === executionId && asked.op === op)
            registered.add(call.process);
          // Nobody knows what was offered to the owner before.
          const counts = !takesOver || call.process === process;
          const looks = call.name === "store.findRecentEvents" && asked.name === name && asked.key === key;
          return looks && counts && registered.has(call.process);
        });
        return hasLooked ? [] : [`${executionId}/${op}`];
      }),
    );
  },

  "who continued has a successor, which inherits what was not read and knows what was": (end) =>
    own(end).flatMap(({ head, history }) => {
      if (head.status !== "continued") return [];
      const next = own(end).find((one) => one.head.executionId === head.continuedTo);
      if (next === undefined) return [`${head.executionId} has none`];
      const inherited = JSON.stringify(next.history.filter(({ type }) => type === "MessagesInherited"));
      const consumed = new Set(history.flatMap((event) => ("messageId" in event ? [event.messageId] : [])));
      const ids = history.flatMap((event) => {
        if (event.type === "MessageBuffered")
          return isForOneOperation(event.message) || consumed.has(event.message.id) ? [] : [event.message.id];
        return event.type === "EventReceived" || event.type === "SignalReceived" ? [event.messageId] : [];
      });
      return ids
        .filter((id) => !inherited.includes(JSON.stringify(id)))
        .map((id) => `${head.executionId}: ${id}`);
    }),

  "a child that its parent no longer waits for is ended, or had ended": (end) =>
    own(end).flatMap(({ head, history }) => {
      if (history.some(({ type }) => type === "ExecutionRedriven")) return [];
      const told = new Set(history.flatMap((event) => (event.type === "ChildEnded" ? [event.op] : [])));
      return history.flatMap((event) => {
        if (event.type !== "ChildRequested" || event.onParentClose === "abandon" || told.has(event.op))
          return [];
        const child = own(end).find((one) => one.head.executionId === event.childId);
        if (child === undefined || head.status === "continued") return [];
        if (child.history.some(({ type }) => type === "ExecutionRedriven")) return [];
        const isTold =
          child.head.definition === "" || /"cancel"|ExecutionTerminated/.test(JSON.stringify(child.history));
        // What tells it may come again before it does.
        const endedAlone =
          (child.head.closedAt ?? 0) <= (head.closedAt ?? 0) + 20 * 60_000 ||
          child.head.status === "continued";
        return isTold || endedAlone ? [] : [child.head.executionId];
      });
    }),

  "nothing runs of a child that was closed before it began": (end) =>
    own(end).flatMap(({ head, commits }) =>
      head.definition === "" && (commits.length > 0 || head.closedAt !== head.createdAt)
        ? [head.executionId]
        : [],
    ),

  "no body begins before the history that asks for it is durable": (end) =>
    own(end).flatMap(({ coldReplay }) => coldReplay.unasked),

  "no body begins of an execution that is paused": (end) =>
    own(end).flatMap(({ coldReplay }) => coldReplay.whilePaused),

  "no body begins before the start of its execution": (end) => {
    const slack = end.weather["clocks of processes differ, and step back"] === undefined ? 0 : MOST_SKEW_MS;
    return own(end).flatMap(({ head }) => {
      if (head.startAt <= head.createdAt) return [];
      const isEarly = ({ key, at }: BegunBody): boolean =>
        key.startsWith(`${head.executionId}/`) && at < head.startAt - slack;
      return end.trace.bodies.filter(isEarly).map(({ key }) => key);
    });
  },

  "a mark is of the mark that was read": (end) => {
    const marks = new Map<string, { readonly version: number; readonly says: string }>();
    return calls(end).flatMap((call) => {
      if (call.name !== "store.markOutbox" || reply(call).marked !== true) return [];
      const { executionId, slot, version, states, pendingAt, givenUpAt } = Object(call.args[0]);
      const place = `${executionId}, slot ${slot}`;
      const what = (states as readonly OutboxEntryState[]).map(({ state, tries, claim }) => [
        state,
        tries,
        claim,
      ]);
      const says = JSON.stringify([pendingAt, givenUpAt, what]);
      const last = marks.get(place);
      if (last !== undefined && version <= last.version)
        return version === last.version && says === last.says ? [] : [`${place}, version ${version}`];
      marks.set(place, { version, says });
      return [];
    });
  },

  "whoever claims the rest of a commit's messages publishes none that was published": (end) => {
    const sent = new Map<string, readonly { readonly id: string }[]>();
    const done = new Set<string>();
    return calls(end).flatMap((call) => {
      const { executionId, slot, outgoing } = Object(call.args[0]);
      const place = `${executionId} ${slot}`;
      if (appendedBy(call) !== undefined) sent.set(place, outgoing);
      if (call.name === "store.markOutbox" && reply(call).marked === true) {
        const { states }: { states: readonly OutboxEntryState[] } = Object(call.args[0]);
        if (!states.some(({ state }) => state === "processing")) return [];
        for (const [index, { state }] of states.entries())
          if (isFinal(state)) done.add(`${call.process} ${sent.get(place)?.[index]?.id}`);
      }
      if (call.name !== "bus.publish") return [];
      return publishedBy(call)
        .map((id) => `${call.process} ${id}`)
        .filter((id) => done.has(id));
    });
  },

  "no timer fires early": (end) => own(end).flatMap(({ coldReplay }) => coldReplay.early),

  "an at-most-once body begins only once its beginning is durable": (end) =>
    own(end).flatMap(({ coldReplay }) => coldReplay.unannounced),

  "nobody is left to be woken, and nothing is dead": ({ queued: { wakes, dead } }) => [
    ...wakes.map((id) => `a wake for ${id}`),
    ...(dead === 0 ? [] : [`${dead} dead messages`]),
  ],

  ...START_SENTENCES,
};

/** Between two clocks, one ahead and one behind. */
const MOST_SKEW_MS = 60_000;

/** A lease is the rest of its process's life, and a slack of seconds. */
const LEAST_LEASE_MS = 1_500;

/** Calls and processes may come so late that nothing can be said of when they began. */
function mayBeLate(weather: Weather): boolean {
  const late: readonly Fault[] = [
    "a call takes long before it takes effect, while its process lives on or is killed",
    "a reply takes long, while its process lives on or is killed",
    "the process dies, and its call takes effect minutes later",
    "a message is received twice at once",
    "clocks of processes differ, and step back",
    "a message comes twice",
  ];
  return late.some((fault) => weather[fault] !== undefined);
}

/** The history that a call made durable. */
function writtenBy(call: MadeCall): readonly HistoryEvent[] {
  return appendedBy(call)?.events ?? settledBy(call)?.tail?.events ?? [];
}

function isTakenOverBy(call: MadeCall): boolean {
  return appendedBy(call) !== undefined && isTakeover(call);
}

/** It looks for a free slot, and finds what the one before it wrote. */
function isTakeover(call: MadeCall): boolean {
  return (Object(call.args[0]).events as { type: string }[]).some(({ type }) => type === "LeaseTaken");
}

/** Processes that looked for an event's name and key before they had written what somebody else could be looking for (PROTOCOL A). */
function lookedBefore(end: SimulatedEnd, write: string, look: string): string[] {
  const written = new Set<string>();
  return calls(end).flatMap(({ name, args, process }) => {
    const { name: event, key } = Object(args[0]);
    const place = `${event} ${key}, process ${process}`;
    if (name === write) written.add(place);
    return name === look && !written.has(place) ? [place] : [];
  });
}

/** A call that was made again, since nobody answered it, and found its own. */
function isRepeat(end: SimulatedEnd, call: MadeCall): boolean {
  const { token } = Object(call.args[0]);
  return calls(end).some(
    (other) => other !== call && other.name === call.name && Object(other.args[0]).token === token,
  );
}

export function brokenSentences(end: SimulatedEnd): string[] {
  return Object.entries(SENTENCES).flatMap(([sentence, breaks]) => {
    const broken = breaks(end);
    return broken.length === 0 ? [] : [`${sentence}: ${broken.slice(0, 3).join("; ")}`];
  });
}
