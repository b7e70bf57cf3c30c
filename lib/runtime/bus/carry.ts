/**
 * One try at one outgoing message that is not for the bus. Each is idempotent: a signal by its message's id, a start by its execution's and
 * the token that the first try left, a wake because it is only a hint.
 */
import { afterSignal, type PublishOutcome } from "../../decide/relay.js";
import { EngineError, HoldfastError } from "../../model/errors.js";
import type { OutgoingSignal, OutgoingStart, OutgoingWake } from "../../model/outgoing.js";
import { refuseSealed } from "../../model/sealed-error.js";
import { create } from "../create.js";
import { deliverMessage } from "../messages/accept.js";
import type { Outside } from "../outside.js";
import { checkSame } from "../same-start.js";
import { storeValue } from "../values/values.js";

export async function carry(
  outside: Outside,
  message: OutgoingSignal | OutgoingStart | OutgoingWake,
): Promise<PublishOutcome> {
  try {
    switch (message.kind) {
      case "signal":
        refuseSealed(message.message.data);
        return afterSignal(await deliverMessage(outside, message.to, message.message));
      case "start":
        refuseSealed(message.input);
        await start(outside, message);
        return { ok: true };
      case "wake":
        await outside.wakes.send({ executionId: message.executionId, reason: "start" }, 0);
        return { ok: true };
    }
  } catch (error) {
    // An error of our own says that the message is at fault, and the next try will say so too; one of the engine's is mended by a person.
    const permanent = error instanceof HoldfastError && !(error instanceof EngineError);
    return { ok: false, permanent, error: String(error), thrown: error };
  }
}

/** The creation first, then its wake: until the entry is final, its mark is the carrier. */
async function start(outside: Outside, message: OutgoingStart): Promise<void> {
  const { executionId, workflow, version, definition, pinned, timeoutMs, lifecycleEvents } = message;
  const result = await create(outside, {
    executionId,
    workflow: { name: workflow, version, definition, pinned, timeoutMs, lifecycleEvents },
    input: await storeValue(outside.store, executionId, "input", message.input),
    createdAt: outside.clock.now(),
    createToken: message.id,
  });
  if (!result.created) await checkSame(outside.store, result.head, workflow, message.input);
  await outside.wakes.send({ executionId, reason: "start" }, 0);
}
