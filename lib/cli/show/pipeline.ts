/** Whether an execution is one of a pipeline: its signals are the engine's own, and others say what it waits for. */
import type { DurableClient } from "../../client/client.js";
import type { ExecutionDescription } from "../../client/types.js";
import { DefinitionNotFoundError } from "../../model/errors.js";
import type { ShownPipeline } from "../../pipeline/client/client.js";
import { signalNameOf } from "../../pipeline/signals.js";
import { PLACE } from "../../pipeline/slots.js";

/** Asks only of one that may be: a signal of any workflow may have such a name, and most have none. */
export async function pipelineOf(
  client: DurableClient,
  { executionId, progress }: ExecutionDescription,
): Promise<ShownPipeline | undefined> {
  const isLike = progress.awaits.some(
    ({ kind, name = "" }) => kind === "signal" && (name === PLACE || name.startsWith(signalNameOf(""))),
  );
  if (!isLike) return undefined;
  const { NotAPipelineError, PipelineClient } = await import("../../pipeline/client/index.js");
  try {
    return await new PipelineClient(client).show(executionId);
  } catch (error) {
    if (error instanceof NotAPipelineError || error instanceof DefinitionNotFoundError) return undefined;
    throw error;
  }
}
