/** The one way in which an execution comes to be: one write of its head, on one condition. Repeating it is harmless. */
import { type Head, NEXT_CODE, type Parent, type StoredValue } from "../model/head.js";
import { type Labels, labelsOf } from "../model/labels.js";
import type { LifecycleKind } from "../model/lifecycle.js";
import type { EpochMs } from "../model/time.js";
import { CURRENT_FLAGS } from "../replay/flags.js";
import type { NewExecution } from "../store/ports.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";

/** What an execution is to run: of `workflow(...)` itself, or as a head tells it. */
export interface Definition {
  readonly name: string;
  readonly version?: string | undefined;
  readonly definition: string;
  readonly pinned?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  readonly lifecycleEvents?: readonly LifecycleKind[] | undefined;
}

export interface Creation extends Labels {
  readonly executionId: string;
  readonly workflow: Definition;
  /** As `storeValue` left it: stored before the head that names it. */
  readonly input: StoredValue;
  readonly createdAt: EpochMs;
  readonly startAt?: EpochMs;
  readonly startedBy?: string | undefined;
  readonly parent?: Parent | undefined;
  readonly origin?: NonNullable<Head["origin"]>;
  /** The code that it runs on, where that is known already: a child's, of a pinned parent. */
  readonly pin?: string | undefined;
  readonly seed?: string | undefined;
  readonly flags?: readonly number[];
  readonly slot?: number;
  readonly closed?: "cancelled" | "terminated";
  readonly lease?: NonNullable<Head["lease"]> | undefined;
  /** The same for a repeat of the same creation. */
  readonly createToken: string;
}

export function create(
  outside: Outside,
  creation: Creation,
): Promise<{ readonly created: boolean; readonly head: Head }> {
  const execution = newExecution(creation);
  return persistently(() => outside.store.createExecution(execution));
}

/** What is written. For who writes it in a transaction of their own. */
export function newExecution(creation: Creation): NewExecution {
  const { executionId, workflow, createdAt, startAt = createdAt, startedBy, parent, seed, lease } = creation;
  const { origin, slot, closed } = creation;
  return {
    executionId,
    workflow: workflow.name,
    ...(workflow.version === undefined ? {} : { version: workflow.version }),
    definition: workflow.definition,
    ...(workflow.pinned === true ? { pin: creation.pin ?? NEXT_CODE } : {}),
    createdAt,
    startAt,
    ...labelsOf(creation),
    input: creation.input,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(parent === undefined ? {} : { parent }),
    ...(workflow.timeoutMs === undefined
      ? {}
      : { deadline: Math.max(createdAt, startAt) + workflow.timeoutMs }),
    ...(seed === undefined ? {} : { seed }),
    flags: creation.flags ?? CURRENT_FLAGS,
    ...(workflow.lifecycleEvents === undefined ? {} : { lifecycleEvents: workflow.lifecycleEvents }),
    ...(origin === undefined ? {} : { origin }),
    ...(slot === undefined ? {} : { slot }),
    ...(closed === undefined ? {} : { closed }),
    ...(lease === undefined ? {} : { lease }),
    createToken: creation.createToken,
  };
}
