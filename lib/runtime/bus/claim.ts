import { CLAIM_MS } from "../../decide/relay.js";
import { isFinal, type OutboxEntryState } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import type { Outbox } from "../../store/ports.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";

/**
 * Claims an outbox for a further try, so that no other run tries it at the same time. The claim ends with the mark that the try leaves, or
 * by itself: its time is when the outbox is due again.
 * @returns undefined when somebody else was faster
 */
export async function claim(outside: Outside, outbox: Outbox): Promise<Outbox | undefined> {
  const { executionId, slot, version } = outbox;
  const first = outbox.states.findIndex(({ state }) => !isFinal(state));
  const states = outbox.states.map((entry, index): OutboxEntryState => {
    if (isFinal(entry.state)) return entry;
    const { claim: _before, ...open } = entry;
    return { ...open, state: "processing", ...(index === first ? { claim: outside.token() } : {}) };
  });
  const pendingAt = outside.clock.now() + CLAIM_MS;
  const { marked } = await persistently(() =>
    outside.store.markOutbox({ executionId, slot, version, states, pendingAt }),
  );
  return marked ? { ...outbox, states, version: version + 1, pendingAt } : undefined;
}

/**
 * The same for one that was heard of some time ago: what the table says of it now counts.
 * @returns undefined when nothing of it is due by `dueBy`: it was carried meanwhile, or somebody else has claimed it
 */
export async function claimDue(
  outside: Outside,
  { executionId, slot }: Pick<Outbox, "executionId" | "slot">,
  dueBy: EpochMs,
): Promise<Outbox | undefined> {
  const found = await persistently(() => outside.store.readOutbox(executionId, slot));
  return found?.pendingAt !== undefined && found.pendingAt <= dueBy ? claim(outside, found) : undefined;
}
