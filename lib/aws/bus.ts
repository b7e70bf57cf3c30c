/** The user's EventBridge bus. */
import type {
  EventBridgeClient,
  PutEventsCommandInput,
  PutEventsResultEntry,
} from "@aws-sdk/client-eventbridge";
import type { PublishOutcome } from "../decide/relay.js";
import type { Bus, BusEntry } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";

/**
 * Refusals for what the event itself is. All others can end: throttling passes, and a permission or a policy is repaired by a deploy
 * (`AccessDeniedException`, `NotAuthorizedForSourceException`), so the event is kept and tried again.
 */
const PERMANENT = ["InvalidArgument", "MalformedDetail"];

export function putEventsParams(
  busName: string,
  source: string,
  entries: readonly BusEntry[],
): PutEventsCommandInput {
  return {
    Entries: entries.map((entry) => ({
      EventBusName: busName,
      Source: source,
      DetailType: entry.name,
      Detail: entry.detail,
      Resources: [...entry.resources],
      Time: new Date(entry.at),
    })),
  };
}

export function eventBus(
  busName: string,
  source: string,
  connection: Connection,
  given?: EventBridgeClient,
): Bus["publish"] {
  const open = once(async () => {
    const { EventBridgeClient, PutEventsCommand } = await import("./holdfast-part-eventbridge.js");
    const client = given ?? new EventBridgeClient(clientSettings("eventbridge", connection));
    return { client, PutEventsCommand };
  });
  const put: Bus["publish"] = async (entries) => {
    const { client, PutEventsCommand } = await open();
    const { Entries = [] } = await client.send(
      new PutEventsCommand(putEventsParams(busName, source, entries)),
    );
    return entries.map((_, index) => outcomeOf(Entries[index]));
  };
  return async (entries) => {
    if (entries.length === 0) return [];
    try {
      return await put(entries);
    } catch (error) {
      if (entries.length === 1 || !isRefusal(error)) throw error;
      // One of them is at fault, and the call does not say which: each goes alone, so that it holds up none of the others.
      const alone = entries.map((entry) => put([entry]).catch(unpublished));
      return (await Promise.all(alone)).flat();
    }
  };
}

/** The call as a whole was refused for what is in it. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationException";
}

/** Kept, like all that a call which was refused held: what it is refused for may be the bus's name, which a deploy repairs. */
function unpublished(error: unknown): PublishOutcome[] {
  return [{ ok: false, permanent: false, error: String(error) }];
}

export function outcomeOf(result: PutEventsResultEntry | undefined): PublishOutcome {
  if (result?.EventId !== undefined && result.ErrorCode === undefined) return { ok: true };
  const code = result?.ErrorCode ?? "NoResult";
  return {
    ok: false,
    permanent: PERMANENT.includes(code),
    error: `${code}: ${result?.ErrorMessage ?? "the bus said nothing more"}`,
  };
}
