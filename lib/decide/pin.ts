/** Whose turn it is: a pinned execution runs on the code that it began with, whatever has been deployed since. */
import { type Head, NEXT_CODE } from "../model/head.js";

export type Runner =
  /** This process. `pin`: what its lease pins the execution to. */
  | { readonly run: "here"; readonly pin?: string }
  /** A process that has the code `code`. */
  | { readonly run: "there"; readonly code: string }
  /** Whoever gets the wake from the queue. */
  | { readonly run: "elsewhere" };

/** What is known of the process that got a wake. */
export interface Here {
  /** The name of its code, if that has one. */
  readonly own?: string | undefined;
  /** Another process handed it the wake, since the execution was pinned to this code then. */
  readonly isHanded?: boolean;
  /** Whether its code pins executions of this workflow: where it doesn't (any more), those that wait to be pinned follow the latest. */
  readonly pins: boolean;
}

/** @param here undefined where there is only one code */
export function runnerOf({ pin }: Pick<Head, "pin">, here: Here | undefined): Runner {
  if (pin === undefined || here === undefined || pin === here.own) return { run: "here" };
  // It was moved meanwhile: which code is the latest is not for an earlier one to say.
  if (here.isHanded === true) return { run: "elsewhere" };
  if (pin !== NEXT_CODE) return { run: "there", code: pin };
  return here.own === undefined || !here.pins ? { run: "here" } : { run: "here", pin: here.own };
}
