/**
 * What wakes a stage that is suspended: a signal, which is kept until the stage waits for one, or a word said just while it waits.
 */
import type { Context } from "../define/context.js";
import type { Shell } from "./shell.js";
import type { Signal } from "./state.js";

/** The stages that wait, by id: who has a word for one calls it. */
export type Listeners = Map<string, (signal: Signal) => void>;

/** The signal that wakes a suspended stage, as `client.signal` names it; its data is a {@link Signal}. */
export function signalNameOf(refId: string): string {
  return `stage ${refId}`;
}

export async function awaitSignal(
  { tell }: Shell,
  listeners: Listeners,
  stage: string,
  ctx: Context,
): Promise<Signal> {
  tell(ctx, { type: "StageWaits", stage });
  const said = new Promise<Signal>((resolve) => {
    listeners.set(stage, resolve);
  });
  const { value } = await ctx.race({
    kept: (branch: Context) => branch.waitForSignal<unknown>(signalNameOf(stage)),
    said: () => said,
  });
  listeners.delete(stage);
  const signal = signalFrom(value);
  tell(ctx, { type: "StageGoesOn", stage });
  const { name, data } = signal;
  const context = { _signal_name: name, ...(data === undefined ? {} : { _signal_data: data }) };
  tell(ctx, { type: "StageTold", stage, context });
  return signal;
}

/** Anybody can send a signal, and anything with it. */
function signalFrom(found: unknown): Signal {
  const { name, data } = (typeof found === "object" && found !== null ? found : {}) as Partial<Signal>;
  const isData = typeof data === "object" && data !== null && !Array.isArray(data);
  return { name: typeof name === "string" ? name : "", ...(isData ? { data } : {}) };
}
