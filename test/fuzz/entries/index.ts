/** All ways in. */
import { auditRuns } from "./audit.js";
import { clientCalls } from "./client.js";
import { commandLines } from "./command.js";
import { deliverMessages } from "./deliver.js";
import type { Entry } from "./entry.js";
import { pipelineDefinitions } from "./pipeline.js";
import { relayRecords } from "./relay.js";
import { startMessages, startRequests } from "./start.js";
import { workerMessages } from "./worker.js";

/** Those that need no database. */
export const ENTRIES: readonly Entry[] = [
  startRequests,
  startMessages,
  deliverMessages,
  workerMessages,
  relayRecords,
  auditRuns,
  clientCalls,
  commandLines,
  pipelineDefinitions,
];
