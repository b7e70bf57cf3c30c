/** Every operation of the store, and the ways to use it. An operation that is missing here is no operation of the type checker's. */
import type { Store } from "../../../lib/store/ports.js";
import { type Case, one } from "./case.js";
import * as definitions from "./cases/definitions.js";
import * as directory from "./cases/directory.js";
import * as executions from "./cases/executions.js";
import * as firings from "./cases/firings.js";
import * as inbox from "./cases/inbox.js";
import * as listing from "./cases/listing.js";
import * as outbox from "./cases/outbox.js";
import * as retention from "./cases/retention.js";

export const CASES: Readonly<Record<keyof Store, readonly Case[]>> = {
  putObject: [one({ what: "bytes", run: (store) => store.putObject("x/input", Uint8Array.from([1])) })],
  getObject: [one({ what: "none", run: (store) => store.getObject("x/input") })],
  listObjects: [one({ what: "none", run: (store) => store.listObjects("x/", 10) })],
  deleteObjects: [one({ what: "none", run: (store) => store.deleteObjects(["x/input"]) })],

  createExecution: executions.creation,
  readHead: executions.reading,
  acquireLease: executions.leasing,
  failLease: executions.failing,
  movePin: executions.moving,
  loadHistory: executions.loading,
  salvageHistory: executions.salvaging,
  appendCommit: executions.appending,
  commitTransaction: executions.transactions,
  settle: executions.settling,
  noteDutiesDone: executions.notingDutiesDone,
  reopen: executions.reopening,

  appendMessage: inbox.accepting,
  loadMessages: inbox.loadingMessages,
  deleteMessages: inbox.deletingMessages,
  putPayload: inbox.puttingPayloads,
  getPayload: inbox.gettingPayloads,

  listExecutions: listing.listing,
  countExecutions: listing.counting,
  listOpen: listing.listingOpen,
  listWaiting: listing.listingWaiting,

  readOutbox: outbox.readingOutboxes,
  markOutbox: outbox.marking,
  deleteStaged: outbox.deletingStaged,
  listOutboxes: outbox.listingOutboxes,
  stageExecution: outbox.staging.execution,
  stagePayload: outbox.staging.payload,
  stageOutgoing: outbox.staging.outgoing,

  putWait: directory.puttingWaits,
  deleteWait: directory.deletingWaits,
  readWait: directory.readingWaits,
  findWaits: directory.findingWaits,
  putRecentEvent: directory.recording,
  findRecentEvents: directory.lookingBack,
  readCursor: directory.readingCursors,
  saveCursor: directory.savingCursors,

  putDefinition: definitions.recordingDefinitions,
  getDefinition: definitions.gettingDefinitions,
  listDefinitions: definitions.listingDefinitions,
  readCurrentDefinition: definitions.readingCurrentDefinitions,
  setCurrentDefinition: definitions.settingCurrentDefinitions,
  listCurrentDefinitions: definitions.listingCurrentDefinitions,

  readFirings: firings.reading,
  saveFirings: firings.saving,

  listCreated: retention.listingCreated,
  readCommits: retention.readingCommits,
  surveyItems: retention.surveying,
  beginDeletion: retention.beginningDeletions,
  deleteItems: retention.deletingItems,
  deleteHead: retention.deletingHeads,
};
