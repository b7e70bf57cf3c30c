/** The store that runs on AWS: one file per operation, its conditions named at the top of the file. */
import type { PayloadStore, Store } from "../ports.js";
import { acquireLease } from "./acquire-lease.js";
import { appendCommit } from "./append-commit.js";
import { appendMessage } from "./append-message.js";
import { beginDeletion } from "./begin-deletion.js";
import { commitTransaction } from "./commit-transaction.js";
import { countExecutions } from "./count-executions.js";
import { createExecution } from "./create-execution.js";
import { readCurrentDefinition, setCurrentDefinition } from "./current-definition.js";
import { deleteHead } from "./delete-head.js";
import { deleteItems } from "./delete-items.js";
import { deleteMessages } from "./delete-messages.js";
import { deleteWait } from "./delete-wait.js";
import { failLease } from "./fail-lease.js";
import { findRecentEvents } from "./find-recent-events.js";
import { findWaits } from "./find-waits.js";
import { readFirings, saveFirings } from "./firings.js";
import { getDefinition } from "./get-definition.js";
import { getPayload } from "./get-payload.js";
import { listCreated } from "./list-created.js";
import { listCurrentDefinitions, listDefinitions } from "./list-definitions.js";
import { listExecutions } from "./list-executions.js";
import { listOpen } from "./list-open.js";
import { listOutboxes } from "./list-outboxes.js";
import { listWaiting } from "./list-waiting.js";
import { loadHistory, readCommits, salvageHistory } from "./load-history.js";
import { loadMessages } from "./load-messages.js";
import { deleteStaged, markOutbox } from "./mark-outbox.js";
import { movePin } from "./move-pin.js";
import { noteDutiesDone } from "./note-duties-done.js";
import { putDefinition } from "./put-definition.js";
import { putPayload } from "./put-payload.js";
import { putRecentEvent } from "./put-recent-event.js";
import { putWait } from "./put-wait.js";
import { readCursor } from "./read-cursor.js";
import { readHead } from "./read-head.js";
import { readOutbox } from "./read-outbox.js";
import { readWait } from "./read-wait.js";
import { reopen } from "./reopen.js";
import { saveCursor } from "./save-cursor.js";
import { settle } from "./settle.js";
import { stageExecution, stageOutgoing, stagePayload } from "./stage.js";
import { surveyItems } from "./survey-items.js";
import type { DynamoTables } from "./tables.js";

export { parseOutboxImage } from "./stream-image.js";
export type { DynamoTables } from "./tables.js";

/** A store over the two tables, and whatever holds objects. The client's own retries and timeouts apply; every write may be repeated. */
export function createDynamoStore(tables: DynamoTables, objects: PayloadStore): Store {
  return {
    putObject: (key, content) => objects.putObject(key, content),
    getObject: (key) => objects.getObject(key),
    listObjects: (prefix, limit) => objects.listObjects(prefix, limit),
    deleteObjects: (keys) => objects.deleteObjects(keys),

    createExecution: (execution) => createExecution(tables, execution),
    readHead: (executionId) => readHead(tables, executionId),
    acquireLease: (request) => acquireLease(tables, request),
    movePin: (request) => movePin(tables, request),
    failLease: (executionId, leaseToken) => failLease(tables, executionId, leaseToken),
    loadHistory: (executionId, afterSlot) => loadHistory(tables, executionId, afterSlot),
    salvageHistory: (executionId) => salvageHistory(tables, executionId),
    appendCommit: (commit, pendingAt) => appendCommit(tables, commit, pendingAt),
    commitTransaction: (commit, actions, pendingAt) => commitTransaction(tables, commit, actions, pendingAt),
    settle: (request) => settle(tables, request),
    appendMessage: (executionId, message) => appendMessage(tables, executionId, message),
    loadMessages: (executionId) => loadMessages(tables, executionId),
    deleteMessages: (executionId, messageIds) => deleteMessages(tables, executionId, messageIds),
    putPayload: (executionId, name, content) => putPayload(tables, executionId, name, content),
    getPayload: (executionId, name) => getPayload(tables, executionId, name),
    listExecutions: (request) => listExecutions(tables, request),
    countExecutions: (filter) => countExecutions(tables, filter),
    listWaiting: (request) => listWaiting(tables, request),
    reopen: (executionId, seen, message) => reopen(tables, executionId, seen, message),

    readOutbox: (executionId, slot) => readOutbox(tables, executionId, slot),
    markOutbox: (request) => markOutbox(tables, request),
    deleteStaged: (outbox) => deleteStaged(tables, outbox),
    listOutboxes: (request) => listOutboxes(tables, request),

    stageExecution: async (execution, pendingAt) =>
      stageExecution(tables.executionsTable, execution, pendingAt),
    stagePayload: async (executionId, name, content) =>
      stagePayload(tables.executionsTable, executionId, name, content),
    stageOutgoing: async (message, pendingAt) => stageOutgoing(tables.executionsTable, message, pendingAt),

    putWait: (wait) => putWait(tables, wait),
    deleteWait: (wait) => deleteWait(tables, wait),
    readWait: (wait) => readWait(tables, wait),
    findWaits: (request) => findWaits(tables, request),
    putRecentEvent: (event) => putRecentEvent(tables, event),
    findRecentEvents: (request) => findRecentEvents(tables, request),

    listOpen: (request) => listOpen(tables, request),
    readCursor: (name) => readCursor(tables, name),
    saveCursor: (name, cursor, version) => saveCursor(tables, name, cursor, version),

    putDefinition: (definition) => putDefinition(tables, definition),
    getDefinition: (workflow, hash) => getDefinition(tables, workflow, hash),
    listDefinitions: (request) => listDefinitions(tables, request),
    readCurrentDefinition: (workflow) => readCurrentDefinition(tables, workflow),
    setCurrentDefinition: (current) => setCurrentDefinition(tables, current),
    listCurrentDefinitions: (request) => listCurrentDefinitions(tables, request),

    readFirings: (schedule) => readFirings(tables, schedule),
    saveFirings: (record) => saveFirings(tables, record),

    listCreated: (request) => listCreated(tables, request),
    readCommits: (request) => readCommits(tables, request),
    surveyItems: (executionId) => surveyItems(tables, executionId),
    beginDeletion: (execution, at) => beginDeletion(tables, execution, at),
    deleteItems: (request) => deleteItems(tables, request),
    deleteHead: (request) => deleteHead(tables, request),
    noteDutiesDone: (closed) => noteDutiesDone(tables, closed),
  };
}
