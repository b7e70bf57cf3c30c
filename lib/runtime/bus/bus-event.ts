/**
 * Events on the bus: how ours are stamped, and how anybody's are read. `detail` is the user's payload and nothing else; our
 * stable id, order stamp and target stand in the entry's `Resources`.
 */
import { HoldfastError } from "../../model/errors.js";
import { checkExecutionId, digest } from "../../model/ids.js";
import type { EpochMs } from "../../model/time.js";

const ID = "holdfast:event:";
const ORDER = "holdfast:order:";
const TARGET = "holdfast:execution:";

/** An event as EventBridge hands it on, as far as we read it. */
export interface BusEvent {
  /**
   * Deduplicates: the stable id where the event carries one (a relay's retry gets a new EventBridge id), else EventBridge's own. Each counts
   * within its source.
   */
  readonly dedupeId: string;
  /** The `detail-type`. */
  readonly name: string;
  readonly detail: unknown;
  /** The one execution that it is for, if it is for one alone. */
  readonly target?: string;
  /** When the first of its messages came, where a delivery before may have recorded the event. */
  readonly since?: EpochMs;
  /** Handed on by a delivery before: what it left. */
  readonly part?: DeliveryPart;
}

/** What of a delivery is left: the waits behind a cursor, or executions that could not take the event. */
export type DeliveryPart = { readonly after: string } | { readonly executions: readonly string[] };

/** Something that is not an event as EventBridge sends them. */
export class MalformedBusEventError extends HoldfastError {
  readonly code = "MALFORMED_BUS_EVENT";
  constructor(why: string) {
    super(
      `This is not an EventBridge event: ${why}. Expected a JSON object with id, source, detail-type and detail. It stays in the dead-letter queue.`,
    );
    this.name = "MalformedBusEventError";
  }
}

/**
 * Reads an EventBridge event. What stands in its resources is its publisher's word, and anybody's who may publish.
 * @param service the deployment's own name
 * @throws MalformedBusEventError, or `InvalidInputError` for a target that can't be an execution's id
 */
export function readBusEvent(raw: unknown, service: string): BusEvent {
  if (typeof raw !== "object" || raw === null)
    throw new MalformedBusEventError(`it is ${raw === null ? "null" : typeof raw}`);
  const field = (name: string): string => {
    const value: unknown = Reflect.get(raw, name);
    if (typeof value !== "string" || value === "")
      throw new MalformedBusEventError(`its "${name}" is not text`);
    return value;
  };
  if (!("detail" in raw)) throw new MalformedBusEventError('it has no "detail"');
  const resources = textsIn(Reflect.get(raw, "resources"));
  const stamp = (prefix: string) => {
    const found = resources.find((resource) => resource.startsWith(prefix))?.slice(prefix.length);
    if (found === "") throw new MalformedBusEventError(`nothing stands behind "${prefix}" in its resources`);
    return found;
  };
  const target = stamp(TARGET);
  return {
    dedupeId: dedupeId(service, field("source"), field("id"), stamp(ID)),
    name: field("detail-type"),
    detail: raw.detail,
    ...(target === undefined ? {} : { target: checkExecutionId(target) }),
  };
}

/** Some hundred times what an id of ours has: any longer one is told by its hash, as it stands in every record of the event. */
const LONGEST_ID = 2_048;

/**
 * Two publishers that choose the same id have two events: deployments that share a bus may have executions of the same name, and nobody is to
 * keep an event of another's from being heard by publishing its id first. Who may name which source is IAM's to say (`events:source`).
 */
function dedupeId(service: string, source: string, id: string, stamped: string | undefined): string {
  if (stamped !== undefined && source === service) return bounded(stamped);
  const from = source.replaceAll("%", "%25").replaceAll("/", "%2F");
  return bounded(stamped === undefined ? `${from}/${id}` : `@${from}/${stamped}`);
}

function bounded(id: string): string {
  return id.length <= LONGEST_ID ? id : `sha256:${digest(id, 43)}`;
}

function textsIn(found: unknown): string[] {
  return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
}

/** The `Resources` of an outgoing event. */
export function resourcesOf(event: {
  readonly id: string;
  readonly service: string;
  readonly executionId: string;
  readonly slot: number;
  readonly index: number;
  readonly at: EpochMs;
}): string[] {
  return [`${ID}${event.id}`, `${ORDER}${event.service}/${event.executionId}/${event.slot}/${event.index}`];
}

/** For a publisher that is no execution: the same id again is the same event. */
export function eventIdResource(id: string): string {
  return `${ID}${id}`;
}

/** For a publisher of a targeted event. */
export function targetResource(executionId: string): string {
  return `${TARGET}${executionId}`;
}
