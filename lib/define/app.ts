/** `app(...)`: what one deployment serves. Its manifest is what the infrastructure is made from. */

import { checkCodec, type PayloadCodec } from "../model/codec.js";
import { InvalidDefinitionError, UnknownWorkflowError } from "../model/errors.js";
import { isLifecycleEventName } from "../model/lifecycle.js";
import type { ErrorClass, ErrorClasses } from "../model/value.js";
import { classesByName } from "./error-classes.js";
import type { AnyEventType } from "./event.js";
import { checkHooks, type Hooks } from "./hooks.js";
import type { AnyWorkflow } from "./workflow.js";

/** What an app consists of. */
export interface AppOptions {
  readonly workflows: readonly AnyWorkflow[];
  /** Events that workflows wait for. Those of `startOn` need not be repeated here. */
  readonly events?: readonly AnyEventType[];
  /** Error classes that must still be `instanceof` after a replay. */
  readonly errors?: readonly ErrorClass[];
  /** Told what happens to executions: see {@link Hooks}. */
  readonly hooks?: readonly Hooks[];
  /** Seals users' values before they are stored. See docs/security.md. */
  readonly codec?: PayloadCodec;
}

/** What the infrastructure needs to know, as plain data. */
export interface Manifest {
  readonly workflows: readonly {
    readonly name: string;
    readonly version?: string;
    /** Absent when it is not. */
    readonly pinned?: boolean;
    readonly startOn: readonly string[];
    /** Absent when it declares none. */
    readonly schedules?: readonly {
      readonly name: string;
      readonly expression: string;
      readonly timezone: string;
    }[];
  }[];
  readonly events: readonly { readonly name: string }[];
  /** Every function has to have the app's code, to read what is stored. Absent when it has no codec. */
  readonly sealed?: boolean;
}

/** What `app` gives: the default export of the file that is deployed. */
export interface App {
  readonly kind: "app";
  readonly workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly events: ReadonlyMap<string, AnyEventType>;
  readonly errors: ErrorClasses;
  readonly hooks: readonly Hooks[];
  readonly codec?: PayloadCodec;
  /** The workflow of that name. Throws {@link UnknownWorkflowError}. */
  workflow(name: string): AnyWorkflow;
  /** The workflows that an event of that name starts. */
  startedBy(eventName: string): readonly AnyWorkflow[];
  /** What whoever deploys the app must know of it. */
  manifest(): Manifest;
}

/**
 * Gathers what is deployed together. Export it as the default of the file that you give to the construct.
 * @throws InvalidDefinitionError on two definitions of one name, and for a workflow that lifecycle events start and that sends some itself
 */
export function app(options: AppOptions): App {
  if (!Array.isArray(options?.workflows)) {
    throw new InvalidDefinitionError(
      "app() was given no list of workflows. Expected app({ workflows: [...], events: [...] }).",
    );
  }
  const declared = withCompanions(options.workflows);
  const workflows = byName("workflow", declared);
  const started = declared.flatMap(({ startOn, companions }) => [
    ...(startOn === undefined ? [] : [startOn as AnyEventType]),
    ...(companions?.events ?? []),
  ]);
  const events = byName("event", [...new Set([...(options.events ?? []), ...started])]);
  for (const workflow of declared) refuseLoop(workflow);
  const errors = classesByName(options.errors ?? []);
  const hooks = checkHooks(options.hooks ?? []);
  return {
    kind: "app",
    workflows,
    events,
    errors,
    hooks,
    ...(options.codec === undefined ? {} : { codec: checkCodec(options.codec) }),
    workflow(name) {
      const found = workflows.get(name);
      if (found === undefined) throw new UnknownWorkflowError(name, [...workflows.keys()]);
      return found;
    },
    startedBy: (eventName) => declared.filter((workflow) => workflow.startOn?.name === eventName),
    manifest: () => ({
      workflows: declared.map((workflow) => ({
        name: workflow.name,
        ...(workflow.version === undefined ? {} : { version: workflow.version }),
        ...(workflow.pinned === true ? { pinned: true } : {}),
        startOn: workflow.startOn === undefined ? [] : [workflow.startOn.name],
        ...(workflow.schedules === undefined
          ? {}
          : {
              schedules: workflow.schedules.map(({ name, expression, timezone }) => ({
                name,
                expression,
                timezone,
              })),
            }),
      })),
      events: [...events.values()].map(({ name }) => ({ name })),
      ...(options.codec === undefined ? {} : { sealed: true }),
    }),
  };
}

/** And theirs. What several of them name is there once. */
function withCompanions(workflows: readonly AnyWorkflow[]): AnyWorkflow[] {
  const all = [...workflows];
  // It grows while it is gone through.
  for (const workflow of all)
    for (const companion of workflow?.companions?.workflows ?? [])
      if (!all.includes(companion)) all.push(companion);
  return all;
}

/** What it tells of its own life would start it again, or another that is started so, and so on without end. */
function refuseLoop({ name, startOn, lifecycleEvents = [] }: AnyWorkflow): void {
  if (startOn === undefined || lifecycleEvents.length === 0 || !isLifecycleEventName(startOn.name)) return;
  throw new InvalidDefinitionError(
    `Workflow "${name}" is started by "${startOn.name}" and sends lifecycle events itself, each of which might start it again. Leave out its lifecycleEvents, or start it by an event of your own.`,
  );
}

function byName<T extends { readonly kind: string; readonly name: string }>(
  kind: T["kind"],
  definitions: readonly T[],
): Map<string, T> {
  const map = new Map<string, T>();
  for (const definition of definitions) {
    if (definition?.kind !== kind) {
      throw new InvalidDefinitionError(
        `app() was given something under ${kind}s that is not one. Expected what ${kind}(...) returns.`,
      );
    }
    if (map.has(definition.name)) {
      throw new InvalidDefinitionError(
        `Two ${kind}s of this app are called "${definition.name}". Give one of them another name.`,
      );
    }
    map.set(definition.name, definition);
  }
  return map;
}
