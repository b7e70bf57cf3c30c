/** Whose turn it is: a pinned execution runs on the code that it began with, whatever has been deployed since. */
import { type Head, NEXT_CODE } from "../model/head.js";

export type Runner =
  /** This process. `pin`: what its lease pins the execution to. */
  | { readonly run: "here"; readonly pin?: string }
  /** A process that has the code `code`. */
  | { readonly run: "there"; readonly code: string };

/** @param here what is known of this process: the name of its code, if that has one; undefined where there is only one code */
export function runnerOf(
  { pin }: Pick<Head, "pin">,
  here: { readonly own?: string | undefined } | undefined,
): Runner {
  if (pin === undefined || here === undefined || pin === here.own) return { run: "here" };
  if (pin !== NEXT_CODE) return { run: "there", code: pin };
  return here.own === undefined ? { run: "here" } : { run: "here", pin: here.own };
}
