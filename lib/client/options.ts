/** What a client is made of. */
import type { Reach } from "../aws/client-outside.js";
import type { Names } from "../aws/environment.js";
import type { Hooks } from "../define/hooks.js";
import type { AnyWorkflow } from "../define/workflow.js";
import type { PayloadCodec } from "../model/codec.js";
import type { ErrorClass } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";

/** The names of a deployment's resources; only those that the calls need must be there. */
export type ClientNames = Names;

/** What a client knows beside its deployment's names. Everything has a default. */
export interface ClientSettings {
  /** Workflows that `start` may be given by name. Others are started by name through the deployment's start function. */
  readonly workflows?: readonly AnyWorkflow[];
  /** Error classes of yours, so that the causes of failures are `instanceof` them. */
  readonly errors?: readonly ErrorClass[];
  /** The app's codec, if it has one: what is stored can't be read, and what is sent not sealed, without it. */
  readonly codec?: PayloadCodec;
  /** Told of the executions that this client terminates: no other process records that. */
  readonly hooks?: readonly Hooks[];
}

/** Settings, with the names of a deployment's tables, queues and bus, or with something else that keeps the engine's ports. */
export type ClientOptions = ClientSettings &
  (
    | (ClientNames & Reach)
    /** Anything that keeps the engine's ports: the testing kit and the local cloud bring theirs. */
    | { readonly outside: Outside | (() => Outside | Promise<Outside>) }
  );
