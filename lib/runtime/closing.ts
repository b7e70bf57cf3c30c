/**
 * Closing duties (PROTOCOL B1): what must happen once an execution has ended. Done after the settlement and before the turn's message is
 * deleted, and done again by any wake that finds the execution closed; every one of them may be repeated.
 */
import type { WaitKey } from "../model/head.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";

export async function doClosingDuties(outside: Outside, waits: readonly WaitKey[]): Promise<void> {
  await Promise.all(waits.map((wait) => persistently(() => outside.store.deleteWait(wait))));
}
