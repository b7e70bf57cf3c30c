/** What an execution awaits, as a head's item holds it: lists, since the names of fields would take as much as what they hold. */
import type { Awaits, Outstanding } from "../../model/head.js";
import { outstandingOperations } from "../../model/stored-forms.js";
import type { ItemReader } from "./item.js";

type Stored = readonly [op: string, dueAt?: number | null, more?: number | string | null, where?: string];

export function awaitsAttributes(awaits: Awaits | undefined): {
  readonly awaits: string | undefined;
  readonly awaitCount: number | undefined;
} {
  const { first = [], count = 0 } = awaits ?? {};
  return {
    awaits: first.length === 0 ? undefined : JSON.stringify(first.map(stored)),
    awaitCount: count === first.length ? undefined : count,
  };
}

export function readAwaits(read: ItemReader): Awaits | undefined {
  const first = read.list<Stored>("awaits", outstandingOperations).map(outstanding);
  const count = read.optionalCount("awaitCount") ?? first.length;
  return count === 0 ? undefined : { first, count };
}

function stored({ op, dueAt, attempts, childId, where }: Outstanding): Stored {
  if (where !== undefined) return [op, dueAt ?? null, null, where];
  const more = attempts ?? childId;
  if (more !== undefined) return [op, dueAt ?? null, more];
  return dueAt === undefined ? [op] : [op, dueAt];
}

function outstanding([op, dueAt, more, where]: Stored): Outstanding {
  return {
    op,
    ...(typeof dueAt === "number" ? { dueAt } : {}),
    ...(typeof more === "number" ? { attempts: more } : {}),
    ...(typeof more === "string" ? { childId: more } : {}),
    ...(where === undefined ? {} : { where }),
  };
}
