/** Reads how the executions ended, through a client whose calls fail on purpose like everybody's. */
import type { DurableClient } from "holdfast";
import type { Ended } from "./account/evidence.js";
import type { Output } from "./app.js";
import { type Persistence, pause } from "./persistence.js";

const AT_ONCE = 8;
const OPEN = ["running", "suspended", "paused", "compensating", "stalled"];

export class Reader {
  constructor(
    private readonly client: DurableClient,
    private readonly calls: Persistence,
  ) {}

  /** @param until what has not ended by then is read as it is */
  async waitForEnds(
    executionIds: readonly string[],
    until: number,
    seen: (open: number) => void,
  ): Promise<void> {
    let open = [...executionIds];
    while (open.length > 0 && Date.now() < until) {
      seen(open.length);
      await pause(2_000);
      const statuses = await this.#each(open, (id) => this.client.describe(id).then(({ status }) => status));
      open = open.filter((_, index) => OPEN.includes(statuses[index] ?? ""));
    }
  }

  async idsOf(workflow: string): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const asked = { workflow, limit: 100, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.calls.make(() => this.client.list(asked));
      ids.push(...page.executions.map(({ executionId }) => executionId));
      ({ cursor } = page);
    }
    return ids;
  }

  read(executionIds: readonly string[]): Promise<Ended[]> {
    return this.#each(executionIds, async (executionId) => {
      const { workflow, status, error } = await this.client.describe(executionId);
      const history = await this.client.history(executionId);
      const output = status === "completed" ? await this.client.result<Output>(executionId) : undefined;
      return { executionId, workflow, status, history, output, error: error?.message };
    });
  }

  async #each<T>(ids: readonly string[], ask: (id: string) => Promise<T>): Promise<T[]> {
    const found: T[] = [];
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const some = ids.slice(from, from + AT_ONCE);
      found.push(...(await Promise.all(some.map((id) => this.calls.make(() => ask(id))))));
    }
    return found;
  }
}
