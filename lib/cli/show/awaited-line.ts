/** What an execution awaits, a line for each. */
import { type AwaitedOperation, inWords } from "../../client/awaited.js";
import { shownInstant } from "../format.js";

export function awaitedLine(it: AwaitedOperation): string {
  const { kind, name, failedAttempts, due } = it;
  const what = kind === "child" ? `${inWords(it)} (${name})` : inWords(it);
  const when = due === undefined ? "" : shownInstant(due);
  if (failedAttempts === undefined) return when === "" ? what : `${what}, until ${when}`;
  const failed = `${what}, failed ${failedAttempts === 1 ? "once" : `${failedAttempts} times`}`;
  return when === "" ? failed : `${failed}, again at ${when}`;
}
