/**
 * What becomes of a wake that came out of the dead-letter queue: its message was received again and again without one turn that ended. The
 * branches are the rows, in this order.
 *
 * | it finds                                                          | then                                                         |
 * |-------------------------------------------------------------------|--------------------------------------------------------------|
 * | that its own time has not come                                    | it goes back towards its time                                |
 * | nothing that a wake could do (`wake.ts`)                          | it is dropped                                                |
 * | a live lease                                                      | it gets another life, once that has passed                   |
 * | a closed execution with duties left                               | it is dropped: the audit finds that by itself                |
 * | any other closed execution: a parent asks for its end again       | another life, for as long as it takes                        |
 * | in each of its last {@link MOST_DEADLY_LIVES} lives an owner died | its execution is stalled, so that it names its reason (P1)   |
 * | an owner that died since the wake was last seen here              | another life, at once                                        |
 * | a wake that the audit has sent, over which nobody died            | it is dropped: the next round sends another one              |
 * | anything else: an outage, a worker that dies before it has begun  | another life, for as long as it takes: nobody died over it   |
 *
 * An owner that died leaves a lease that ended, and an epoch above the one that the wake had noted. Owners that die after they have recorded
 * their takeover are counted by the execution's own history, and stall it sooner (`turn.ts`): what comes here dies before that, of a
 * history that is too large to be loaded, say.
 */
import type { Head } from "../model/head.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { decideWake, tooEarlyFor } from "./wake.js";

export type RescueAction =
  | { readonly do: "drop" }
  | { readonly do: "send"; readonly wake: Wake; readonly delaySeconds: number }
  | { readonly do: "arm"; readonly wake: Wake }
  | { readonly do: "stall"; readonly head: Head; readonly lives: number };

export const MOST_DEADLY_LIVES = 3;

/** Before a further life of a wake that gets as many as it needs. */
const ANOTHER_LIFE_SECONDS = 900;

export function decideRescue(found: {
  readonly wake: Wake;
  readonly head: Head | undefined;
  /** A request to cancel lies in its inbox. Only asked for before its start. */
  readonly cancelled: boolean;
  readonly now: EpochMs;
}): RescueAction {
  const { wake, head, cancelled, now } = found;
  // A nudge: what it was for is in the list of what is due.
  if (wake.reason === "relay") return { do: "drop" };
  if (tooEarlyFor(wake, now) !== undefined) return { do: "arm", wake };
  const action = decideWake({ wake, messageId: "", head, cancelled, now });
  if (action.do === "drop" || head === undefined) return { do: "drop" };
  const { executionId } = wake;
  const { epoch, lease } = head;
  const life = { executionId, reason: "audit", epoch } as const;
  const again = { ...life, ...(wake.rescues === undefined ? {} : { rescues: wake.rescues }) };
  if (action.do === "put-back") return { do: "send", wake: again, delaySeconds: action.delaySeconds };
  const isFirst = wake.epoch === undefined;
  const isOrphan = lease !== undefined && lease.failed !== true;
  const isFoundAnyway = wake.reason === "audit" && isFirst && !isOrphan;
  if (head.duties !== undefined || isFoundAnyway) return { do: "drop" };
  const died = isOrphan && epoch > (wake.epoch ?? epoch);
  if (action.do === "close" || !died)
    return { do: "send", wake: again, delaySeconds: isFirst ? 0 : ANOTHER_LIFE_SECONDS };
  const lives = (wake.rescues ?? 0) + 1;
  if (lives >= MOST_DEADLY_LIVES) return { do: "stall", head, lives };
  return { do: "send", wake: { ...life, rescues: lives }, delaySeconds: 0 };
}
