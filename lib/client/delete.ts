import { NotDeletableError } from "../model/deletion-errors.js";
import type { Outside } from "../runtime/outside.js";
import { deleteExecution } from "../runtime/retention/deletion.js";
import { readHead } from "./control.js";

/** What `delete` did away with. */
export interface DeletedExecution {
  /** `"history"`: all but its head, which stays because the execution that goes on where it ended is still there. */
  readonly deleted: "all" | "history";
}

/** Each deletes what it can; only a throttled table leaves something to the next. */
const MOST_TRIES = 20;

/** @throws ExecutionNotFoundError, NotDeletableError */
export async function deleteByClient(outside: Outside, executionId: string): Promise<DeletedExecution> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const deletion = await deleteExecution(outside, await readHead(outside, executionId));
    switch (deletion.did) {
      case "deleted":
        return { deleted: "all" };
      case "emptied":
        return { deleted: "history" };
      case "a part":
        continue;
      case "nothing": {
        const { refusal, why, at } = deletion.refused;
        throw new NotDeletableError(executionId, refusal, why, at);
      }
    }
  }
  throw new Error(
    `Execution "${executionId}" could not be deleted in ${MOST_TRIES} tries: the tables are throttled. Some of it is gone; delete it again later.`,
  );
}
