/**
 * Heads as items. Attribute names are short and what is empty is left out, since a head is rewritten by every lease and every settlement
 * and should stay within 1 KB. Events, values and waits are JSON text: exact in size, and never an empty-set or number problem of the table.
 */
import { value } from "../../model/forms.js";
import {
  DUTIES,
  type Duty,
  type Head,
  type Lease,
  type StoredValue,
  type Tail,
  type WaitKey,
} from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { type Labels, labelsOf } from "../../model/labels.js";
import { LIFECYCLE_KINDS, type LifecycleKind } from "../../model/lifecycle.js";
import type { Message } from "../../model/message.js";
import { byAcceptance } from "../../model/message.js";
import { type ExecutionStatus, STATUSES } from "../../model/status.js";
import {
  engineFlags,
  historyEvents,
  messageContent,
  stall,
  standingWaits,
} from "../../model/stored-forms.js";
import type { ListedHead } from "../listed-head.js";
import { bucketOf } from "../status.js";
import { readAwaits } from "./awaits-attributes.js";
import { type Item, ItemReader } from "./item.js";
import { groupOf, headKey, indexKey } from "./keys.js";

const COMPENSATIONS = ["none", "complete", "incomplete"] as const;

const ORIGINS = ["continued", "forked"] as const;

/** The item of a head that has just been created: no tail, no messages, no waits. */
export function newHeadItem(head: Head): Item {
  const { parent, origin } = head;
  return {
    ...headKey(head.executionId),
    wf: indexKey(head.workflow, head.executionId),
    ...present({
      st: statusIndexKey(head.status, head.executionId, head.duties),
      ap: labelIndexKey(head.application, head.executionId),
      pc: labelIndexKey(head.pipelineConfigId, head.executionId),
      ver: head.version,
    }),
    def: head.definition,
    ...present({ pin: head.pin }),
    status: head.status,
    createdAt: head.createdAt,
    ...(head.startAt === head.createdAt ? {} : { startAt: head.startAt }),
    ...present(storedValue("input", head.input)),
    ...present({
      closedAt: head.closedAt,
      startedBy: head.startedBy,
      parent: parent?.executionId,
      parentOp: parent?.op,
      deadline: head.deadline,
      seed: head.seed,
      flags: head.flags.length === 0 ? undefined : JSON.stringify(head.flags),
      tells: head.lifecycleEvents?.join(" "),
      origin: origin?.kind,
      originId: origin?.executionId,
    }),
    epoch: head.epoch,
    ...(head.lease === undefined ? {} : { lease: { ...head.lease } }),
    slot: head.slot,
    inboxSeq: head.inboxSeq,
    // Always there: a message is set inside it, which the table refuses when there is no map.
    inbox: {},
    createToken: head.createToken,
  };
}

/**
 * The sparse index key of a status; undefined where the index must not show the execution.
 * @param duties that it still has
 */
export function statusIndexKey(
  status: ExecutionStatus,
  executionId: string,
  duties?: Head["duties"],
): string | undefined {
  const bucket = bucketOf(status, duties);
  return bucket === undefined ? undefined : indexKey(bucket, executionId);
}

/** The sparse index key of a label; undefined where there is none, and the index has no entry. */
function labelIndexKey(label: string | undefined, executionId: string): string | undefined {
  return label === undefined ? undefined : indexKey(label, executionId);
}

function readLabels(read: ItemReader): Labels {
  const label = (name: string): string | undefined => {
    const key = read.optionalText(name);
    return key === undefined ? undefined : groupOf(key);
  };
  return labelsOf({ application: label("ap"), pipelineConfigId: label("pc") });
}

/** A value's two attributes, of which one is there: the value itself, or the name of the item that holds it. */
export function storedValue(
  name: string,
  value: StoredValue | undefined,
): Record<string, string | undefined> {
  return {
    [name]: value !== undefined && "inline" in value ? JSON.stringify(value.inline) : undefined,
    [`${name}Ref`]: value !== undefined && "payload" in value ? value.payload : undefined,
  };
}

export function tailAttributes(tail: Tail | undefined): Record<string, string | number | undefined> {
  return { tail: tail && JSON.stringify(tail.events), tailSlot: tail?.slot };
}

/** Without the execution's own id, which the head's key says. */
export function waitsAttribute(waits: readonly WaitKey[]): string | undefined {
  if (waits.length === 0) return undefined;
  return JSON.stringify(
    waits.map(({ op, name, key }): StoredWait => (key === undefined ? [op, name] : [op, name, key])),
  );
}

/** How many stand, where that is not simply how many the head names. */
export function waitCountAttribute(waits: readonly WaitKey[], waitCount: number): number | undefined {
  return waitCount === waits.length ? undefined : waitCount;
}

type StoredWait = readonly [op: string, name: string, key?: string];

export function readHeadItem(item: Item): Head {
  const read = new ItemReader(item);
  const executionId = read.text("pk");
  const createdAt = read.time("createdAt");
  const tail = read.optionalText("tail");
  const parent = read.optionalText("parent");
  return {
    executionId,
    workflow: groupOf(read.text("wf")),
    ...present({ version: read.optionalText("ver") }),
    definition: read.text("def"),
    ...present({ pin: read.optionalText("pin") }),
    status: read.word("status", STATUSES),
    createdAt,
    startAt: read.optionalTime("startAt") ?? createdAt,
    ...readLabels(read),
    ...present({ closedAt: read.optionalTime("closedAt") }),
    input: readStoredValue(read, "input") ?? { inline: read.json("input", value) },
    ...present({ output: readStoredValue(read, "output"), error: readStoredValue(read, "error") }),
    ...present({ state: readStoredValue(read, "state"), startedBy: read.optionalText("startedBy") }),
    ...(parent !== undefined && { parent: { executionId: parent, op: read.text("parentOp") } }),
    ...present({ deadline: read.optionalTime("deadline"), seed: read.optionalText("seed") }),
    flags: read.list<number>("flags", engineFlags),
    ...present({ lifecycleEvents: readLifecycle(read) }),
    ...(item.origin !== undefined && {
      origin: { kind: read.word("origin", ORIGINS), executionId: read.text("originId") },
    }),
    ...present({ continuedTo: read.optionalText("continuedTo") }),
    epoch: read.count("epoch"),
    ...present({ lease: readLease(read) }),
    slot: read.slot("slot"),
    ...(tail !== undefined && {
      tail: { slot: read.slot("tailSlot"), events: read.list<HistoryEvent>("tail", historyEvents) },
    }),
    inboxSeq: read.count("inboxSeq"),
    inbox: readInbox(read),
    inboxItems: read.optionalCount("inboxItems") ?? 0,
    ...present({ dueAt: read.optionalTime("dueAt") }),
    ...readWaits(read, executionId),
    ...present({ awaits: readAwaits(read) }),
    ...present({ duties: readDuties(read) }),
    ...(item.compensation !== undefined && { compensation: read.word("compensation", COMPENSATIONS) }),
    ...(item.stall !== undefined && { stall: read.json("stall", stall) }),
    ...present({ deletedAt: read.optionalTime("deletedAt") }),
    ...present({ settleToken: read.optionalText("settleToken") }),
    createToken: read.text("createToken"),
  };
}

/** The attributes that {@link readListedHead} needs, for a projection. */
export const LISTED_ATTRIBUTES = [
  "pk",
  "sk",
  "wf",
  "def",
  "pin",
  "ap",
  "pc",
  "status",
  "createdAt",
  "startAt",
  "closedAt",
  "dueAt",
  "lease",
  "waits",
  "waitCount",
] as const;

export function readListedHead(item: Item): ListedHead {
  const read = new ItemReader(item);
  const executionId = read.text("pk");
  const createdAt = read.time("createdAt");
  return {
    executionId,
    workflow: groupOf(read.text("wf")),
    definition: read.text("def"),
    ...present({ pin: read.optionalText("pin") }),
    ...readLabels(read),
    status: read.word("status", STATUSES),
    createdAt,
    startAt: read.optionalTime("startAt") ?? createdAt,
    ...present({ closedAt: read.optionalTime("closedAt"), dueAt: read.optionalTime("dueAt") }),
    ...present({ lease: readLease(read) }),
    ...readWaits(read, executionId),
  };
}

function readLifecycle(read: ItemReader): readonly LifecycleKind[] | undefined {
  const told = read.optionalText("tells")?.split(" ");
  return told && LIFECYCLE_KINDS.filter((kind) => told.includes(kind));
}

/** Undefined when there are none. */
export function dutiesAttribute(duties: readonly Duty[] | undefined): string | undefined {
  return duties === undefined || duties.length === 0 ? undefined : duties.join(" ");
}

function readDuties(read: ItemReader): readonly Duty[] | undefined {
  return read.optionalText("duties") === undefined ? undefined : read.words("duties", DUTIES);
}

function readLease(read: ItemReader): Lease | undefined {
  const lease = read.map("lease");
  return (
    lease && {
      owner: lease.text("owner"),
      token: lease.text("token"),
      until: lease.time("until"),
      ...(lease.optionalFlag("failed") === true ? { failed: true } : {}),
    }
  );
}

function readWaits(read: ItemReader, executionId: string): Pick<Head, "waits" | "waitCount"> {
  const waits = read
    .list<StoredWait>("waits", standingWaits)
    .map(([op, name, key]): WaitKey => ({ name, ...present({ key }), executionId, op }));
  return { waits, waitCount: read.optionalCount("waitCount") ?? waits.length };
}

function readStoredValue(read: ItemReader, name: string): StoredValue | undefined {
  const payload = read.optionalText(`${name}Ref`);
  if (payload !== undefined) return { payload };
  return read.optionalText(name) === undefined ? undefined : { inline: read.json(name, value) };
}

function readInbox(read: ItemReader): Message[] {
  return read
    .texts("inbox")
    .map(([id, content]): Message => ({ ...read.parse<Message>("inbox", content, messageContent), id }))
    .sort(byAcceptance);
}

/** Only the attributes that have a value. */
function present<T extends Record<string, unknown>>(
  attributes: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
