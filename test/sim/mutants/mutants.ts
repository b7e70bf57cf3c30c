/**
 * The engine with one rule taken out at a time. The simulator must notice each of them: what no simulated run can notice is a rule that nothing
 * proves. Each is a place in the sources (it must be there exactly once) and what stands there instead.
 */
export interface Mutant {
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const rule = (rule: string, file: string, find: string, replace: string): Mutant => ({
  rule,
  file: `lib/${file}`,
  find,
  replace,
});

export const MUTANTS: readonly Mutant[] = [
  // ---------------------------------------------------------------- storage: each condition of the contract
  rule(
    "a slot is filled once",
    "store/memory/executions.ts",
    "if (found !== undefined) return found.commit;",
    "",
  ),
  rule(
    "a settlement is its owner's",
    "store/memory/settled-head.ts",
    "const stillTheOwner = head.epoch === request.epoch && head.lease?.token === request.leaseToken;",
    "const stillTheOwner = true;",
  ),
  rule(
    "a settlement is refused when a message came since",
    "store/memory/settled-head.ts",
    "const nothingNew = request.inboxSeq === undefined || head.inboxSeq === request.inboxSeq;",
    "const nothingNew = true;",
  ),
  rule(
    "a lease is of the head that was read",
    "store/memory/executions.ts",
    "const asSeen = head.epoch === seen.epoch && head.lease?.token === seen.leaseToken;",
    "const asSeen = true;",
  ),
  rule(
    "an own settlement whose reply was lost is known",
    "store/memory/executions.ts",
    "return head.settleToken === request.token ? { settled: true } : { settled: false, head: copy(head) };",
    "return { settled: false, head: copy(head) };",
  ),
  rule(
    "an own commit whose reply was lost is known",
    "store/memory/executions.ts",
    "return found.token === commit.token ? { appended: true } : { appended: false, found: found };",
    "return found === commit ? { appended: true } : { appended: false, found: found };",
  ),
  rule(
    "a message is accepted once",
    "store/memory/executions.ts",
    `if (head.inbox.some((held) => held.id === message.id))
        return { outcome: "duplicate", head: copy(head) };`,
    "",
  ),

  // ---------------------------------------------------------------- ownership
  rule(
    "a takeover is recorded before anything else",
    "runtime/turn/own.ts",
    `await recordTaken(
      outside,
      leased,
      { slot, after: events, carried: owned.carried },
      started,
    );`,
    `[started].length > 0
        ? ({ type: "LeaseTaken", epoch: leased.head.epoch, at: outside.clock.now() } as const)
        : undefined;`,
  ),
  rule(
    "a live lease is nobody else's",
    "decide/wake.ts",
    'if (head.lease.until <= now || head.lease.owner === found.messageId) return { do: "take-over" };',
    'if (head.lease !== undefined) return { do: "take-over" };',
  ),
  rule(
    "the lease outlives its process",
    "runtime/turn/handle-wake.ts",
    "until: limits.deadline + LEASE_SLACK_MS,",
    "until: clock.now() + 500,",
  ),
  rule(
    "who has lost a slot stops",
    "runtime/turn/journal.ts",
    "if (!result.appended) throw this.#fenced(commit.slot, result.found);",
    "",
  ),
  rule(
    "an interrupted attempt counts",
    "replay/noting.ts",
    "operation.attempts += 1;\n    operation.interrupted = true;",
    "operation.interrupted = true;",
  ),
  rule(
    "a takeover replays the tail that nobody superseded",
    "runtime/history.ts",
    "return head.tail !== undefined && head.tail.slot > slot ? head.tail.events : [];",
    "return [];",
  ),
  rule(
    "what was loaded as a tail is carried by the next write",
    "runtime/turn/journal.ts",
    `...this.#carried,
      ...batch.map((entry) => entry.event),`,
    "...batch.map((entry) => entry.event),",
  ),

  // ---------------------------------------------------------------- effects and their order
  rule(
    "a body begins only when what asks for it is durable",
    "decide/step.ts",
    "if (step.after > at.durable || at.deadlineIsNear)",
    "if (at.deadlineIsNear)",
  ),
  rule(
    "an at-most-once body begins only when its start is durable",
    "decide/step.ts",
    'return { do: step.atMostOnce ? "record-start" : "run", attempt };',
    'return { do: "run", attempt };',
  ),
  rule(
    "attempts are limited",
    "decide/step.ts",
    "if (step.attempts >= step.retry.maxAttempts) {",
    "if (step.attempts >= step.retry.maxAttempts + 1) {",
  ),
  rule(
    "compensations run in reverse order",
    "replay/undo.ts",
    "for (const undoable of undoables) {",
    "for (const undoable of undoables.toReversed()) {",
  ),
  rule(
    "what completed is undone",
    "replay/code.ts",
    "if (undoables.length > 0) await this.#undo(undoables, stored);",
    "",
  ),
  rule("time comes from history", "replay/replay.ts", "this.#now = Math.max(this.#now, event.at);", ""),

  // ---------------------------------------------------------------- wakes: the baton
  rule(
    "a suspension arms its wake",
    "runtime/ending/conclude.ts",
    'await arm(outside, { executionId: owned.head.executionId, reason: "timer", dueAt });',
    "",
  ),
  rule(
    "a wake is armed before the settlement that needs it",
    "runtime/turn/live.ts",
    "await armFor(this.work, due);\n      this.#armedFor = due;",
    "const { work } = this;\n      const from = due;\n      setImmediate(() => setImmediate(() => setImmediate(() => void armFor(work, from).catch(() => {}))));\n      this.#armedFor = due;",
  ),
  rule(
    "a turn that yields arms its wake",
    "runtime/ending/conclude.ts",
    'await arm(work.outside, { executionId: work.owned.head.executionId, reason: "yield" });',
    "",
  ),
  rule(
    "an accepted message has a wake",
    "runtime/messages/accept.ts",
    'if (result.outcome !== "closed" && wake)',
    'if (result.outcome === "appended" && wake)',
  ),
  rule(
    "a wake behind a live lease is put back",
    "decide/wake.ts",
    'return putBack(wake, growing(puts), "another owner is at work");',
    'return { do: "drop", why: "another owner is at work" };',
  ),
  rule(
    "an early wake is put back",
    "decide/wake.ts",
    "if (wake.dueAt === undefined || wake.dueAt - now <= INLINE_MS) return undefined;\n  return wake.dueAt - now;",
    "return undefined;",
  ),
  rule(
    "a timer fires at its time",
    "runtime/turn/next.ts",
    "return due !== undefined && due.at <= this.#now() && this.mayFall(due.operation) ? due : undefined;",
    "return due !== undefined && due.at <= this.#now() + 400 && this.mayFall(due.operation) ? due : undefined;",
  ),
  rule(
    "the audit finds who has no owner",
    "decide/audit.ts",
    'if (head.lease !== undefined) return head.lease.until <= overdueBy ? "ownerless" : undefined;',
    "if (head.lease !== undefined) return undefined;",
  ),
  rule(
    "the audit finds what is overdue",
    "decide/audit.ts",
    'return dueAt !== undefined && dueAt <= overdueBy ? "overdue" : undefined;',
    "return undefined;",
  ),
  rule(
    "the audit finds closing duties",
    "decide/audit.ts",
    'return head.duties !== undefined && head.closedAt <= overdueBy ? "untold" : undefined;',
    "return undefined;",
  ),

  // ---------------------------------------------------------------- messages and events
  rule(
    "a message that is in history is ignored",
    "runtime/messages/inbox.ts",
    "if (message === undefined || !this.inHistory.has(message.id)) return message;",
    "if (message !== undefined || this.#fresh.length === 0) return message;",
  ),
  rule(
    "a buffered message is known",
    "replay/noting.ts",
    "state.seen.set(event.message.id, event.at);\n      if (isBuffered",
    "if (isBuffered",
  ),
  rule(
    "what came before a wait is found",
    "runtime/messages/waits.ts",
    "return recent\n      .filter(",
    "return recent\n      .slice(0, 0)\n      .filter(",
  ),
  rule(
    "a wait is registered before anybody looks back",
    "runtime/messages/waits.ts",
    "await persistently(() =>\n      this.store.putWait({",
    "void persistently(() =>\n      this.store.putWait({",
  ),
  rule(
    "an event is recorded before anybody looks for its waits",
    "runtime/bus/deliver.ts",
    "const { recorded } = await persistently(() => outside.store.putRecentEvent(recent));\n  return eventMessage(recorded);",
    "setImmediate(() => setImmediate(() => void outside.store.putRecentEvent(recent).catch(() => {})));\n  return eventMessage(recent);",
  ),
  rule(
    "a wait that is over leaves no record",
    "runtime/messages/waits.ts",
    "const over = [...this.#standing.values()].filter((wait) => !pending.has(wait.op));",
    "const over = [...this.#standing.values()].filter(() => pending.size < 0);",
  ),
  rule(
    "what was not read is named",
    "runtime/ending/conclude.ts",
    "const ids = unread.length === 0 ? {} : { unread: unread.map(({ id }) => id) };",
    "const ids = {};",
  ),
  rule(
    "a settlement takes out of the inbox only what is in history",
    "runtime/ending/settle.ts",
    "const drained = [...inbox.found].filter(options.inHistory);",
    "const drained = [...inbox.found];",
  ),

  rule(
    "each wait has a record of its own",
    "store/memory/directory.ts",
    "if (isOfLaterOwner(records.get(waiter(wait)), wait)) return;\n      records.set(waiter(wait), copy(wait));",
    "records.set(wait.executionId, copy(wait));",
  ),
  rule(
    "a delivery that finds its execution closed removes the record",
    "runtime/bus/deliver.ts",
    "// It closed without removing its records (PROTOCOL A6).\n      await remove(outside, waits ?? []);",
    "",
  ),
  rule(
    "a wait times out only once its past was looked at",
    "runtime/turn/next.ts",
    "return operation === undefined || !isEventWait(operation) || this.work.waits.answered(operation);",
    "return operation === undefined || !isEventWait(operation) || this.work.owned.slot >= 0;",
  ),
  rule("a paused execution begins nothing", "decide/step.ts", 'if (at.paused) return { do: "rest" };', ""),

  // ---------------------------------------------------------------- children and successors
  rule(
    "a child is created only once its request is durable",
    "runtime/turn/effects.ts",
    "const mayCall = child.requested && child.after <= journal.durable && this.#calls < MOST_CALLS;",
    "const mayCall = this.#calls < MOST_CALLS;",
  ),
  rule(
    "whoever finds an end does its duties again",
    "decide/wake.ts",
    'if (isClosed(head.status)) return { do: "close" };',
    'if (isClosed(head.status)) return { do: "drop", why: "closed" };',
  ),
  rule(
    "what comes for one that continued reaches its successor",
    "runtime/messages/accept.ts",
    "const goesOn = !isForOneOperation(message);",
    'const goesOn = message.id === "" && !isForOneOperation(message);',
  ),
  rule(
    "a parent is told of its child's end",
    "decide/duties.ts",
    '!isContinued && end.parent !== undefined && "parent",',
    "false,",
  ),
  rule(
    "duties are done before they are noted as done",
    "runtime/ending/closing.ts",
    "const failures: unknown[] = [];\n  for (const duty",
    "if (closed.duties !== undefined && closed.duties.length > 0) await outside.store.noteDutiesDone(closed);\n  const failures: unknown[] = [];\n  for (const duty",
  ),
  rule("a successor is created", "decide/duties.ts", 'isContinued && "successor",', "false,"),
  rule(
    "a successor inherits what was not read",
    "runtime/ending/successor.ts",
    "const carried = await bringBackMessages(store, executionId, inheritance.carried);",
    "const carried = await bringBackMessages(store, executionId, inheritance.carried.slice(0, 0));",
  ),
  rule(
    "a successor knows what was consumed",
    "decide/inheritance.ts",
    "if (isRepeatable(event)) consumed.set(event.messageId, event.at);",
    "",
  ),
  rule(
    "children are told of their parent's end",
    "runtime/children.ts",
    'if (onParentClose === "abandon") return;\n  const parent',
    "if (onParentClose.length > 0) return;\n  const parent",
  ),
  rule(
    "a child that comes too late finds itself closed",
    "runtime/children.ts",
    'closed: onParentClose === "cancel" ? "cancelled" : "terminated",',
    "",
  ),

  // ---------------------------------------------------------------- starts
  rule(
    "a start that runs the first turn itself is insured by a wake",
    "runtime/start.ts",
    "arm(outside, wake),",
    "lease === undefined ? arm(outside, wake) : undefined,",
  ),
  rule(
    "a start whose write took minutes sends another wake",
    "runtime/start.ts",
    'if (!runsHere && isLate) await arm(outside, { executionId, reason: "start" });',
    "",
  ),
  rule(
    "a start that finds its execution wakes it",
    "runtime/start.ts",
    'if (!isCarried && !isClosed(status)) await arm(outside, { executionId, reason: "start", dueAt });',
    "",
  ),
  rule(
    "code begins no earlier than its start",
    "decide/wake.ts",
    "return startAt > createdAt && !hasBegun ? Math.max(0, startAt - now) : 0;",
    "return startAt > createdAt && hasBegun ? Math.min(0, startAt - now) : 0;",
  ),
  rule(
    "who reads a later owner's commit stops",
    "runtime/turn/leasing.ts",
    "if (epoch > own) throw",
    "if (epoch > own + 1_000) throw",
  ),

  // ---------------------------------------------------------------- outgoing
  rule(
    "a mark is of the mark that was read",
    "store/memory/outbox.ts",
    "if (stored.outbox.version !== version) return { marked: isMarkedBy(mark, stored.outbox) };",
    "",
  ),
  rule(
    "what is final is tried no more",
    "runtime/bus/attempt.ts",
    "return before === undefined || isFinal(before.state) ? [] : [{ attempt: this, index, message, before }];",
    "return before === undefined ? [] : [{ attempt: this, index, message, before }];",
  ),
  rule(
    "the next try is announced",
    "runtime/bus/attempt.ts",
    "if (marked && next.pendingAt !== undefined) await announce(outside, this.outbox, next.pendingAt);",
    "if (marked && next.pendingAt === 0) await announce(outside, this.outbox, next.pendingAt);",
  ),
  rule(
    "what a commit sends rides in it",
    "runtime/turn/journal.ts",
    "outgoing: [...this.#opening, ...batch.flatMap((entry) => entry.outgoing)],",
    "outgoing: [...this.#opening],",
  ),
  rule(
    "what the bus refused is tried again",
    "runtime/bus/attempt.ts",
    "this.#after.set(candidate, afterTry(candidate.before, outcome));",
    "this.#after.set(candidate, afterTry(candidate.before, { ok: true }));",
  ),
  rule(
    "an event's id is the same at every try",
    "runtime/bus/publish.ts",
    "resources: resourcesOf({ id, service,",
    "resources: resourcesOf({ id: id + Math.random(), service,",
  ),
];
