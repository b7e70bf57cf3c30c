/** Tasks that are under way hear once that their stage was stopped. What they throw changes nothing. */
import type { Context } from "../define/context.js";
import { ContextMisuseError } from "../model/errors.js";
import { specOf } from "./contexts.js";
import { stepOf } from "./run-task.js";
import { givenTo, isInterruption, type Shell } from "./shell.js";
import { stageIn, syntheticOf } from "./state.js";
import { isActive } from "./status.js";

/**
 * @param ctx of whoever calls
 * @throws what interrupts the whole execution
 */
export async function tellCanceled(shell: Shell, refId: string, ctx: Context): Promise<void> {
  for (const id of [refId, ...syntheticOf(shell.state(), refId)]) {
    const spec = specOf(shell.graph, id);
    if (spec === undefined) continue;
    const under = stageIn(shell.state(), id).tasks.filter(({ status }) => isActive(status));
    for (const { name } of under) {
      const onCancel = shell.library.codeOf(spec, name)?.onCancel;
      if (onCancel === undefined) continue;
      try {
        await ctx.step(`${id}/${name} (cancel)`, async (step) => {
          await onCancel({ ...stepOf(step), ...givenTo(shell, spec) });
        });
      } catch (error) {
        if (isInterruption(error) || error instanceof ContextMisuseError) throw error;
        ctx.log.warn("A task could not be told that its stage was canceled.", {
          stage: id,
          task: name,
        });
      }
    }
  }
}
