/** Names that only the deployment knows. A shell waits for them: what does not come soon does not come. */
import type { DurableClient } from "../../client/client.js";
import { type Duration, durationMs } from "../../model/time.js";
import { durationOption } from "../input.js";
import { STATE_DIRECTORY } from "../local-file.js";
import { connect, DEFAULT_STACK } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { Asked, Candidate } from "./candidates.js";

const WITHIN: Duration = "2s";

const MOST = 200;

/** Nothing when the deployment does not answer in time: nobody who types wants to read why. */
export async function askFor(
  ask: Asked,
  given: ReadonlyMap<string, string>,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const late = new Promise<readonly Candidate[]>((resolve) => {
    setTimeout(resolve, withinMs(process.env.HOLDFAST_COMPLETION_TIMEOUT), []).unref();
  });
  return Promise.race([known(ask, given, terminal).catch(() => []), late]);
}

/** As long as one who waits for a slow deployment says. What is no duration is nobody's wish. */
function withinMs(given: string | undefined): number {
  try {
    return durationMs(given === undefined ? WITHIN : durationOption(given, "HOLDFAST_COMPLETION_TIMEOUT"));
  } catch {
    return durationMs(WITHIN);
  }
}

async function known(
  ask: Asked,
  given: ReadonlyMap<string, string>,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const [deployment, profile, region] = ["--deployment", "--profile", "--region"].map((name) =>
    given.get(name),
  );
  const client = await connect(
    {
      stack: given.get("--stack") ?? process.env.HOLDFAST_STACK ?? DEFAULT_STACK,
      stateDir: given.get("--state-dir") ?? STATE_DIRECTORY,
      ...(given.has("--aws") ? { aws: true } : {}),
      ...(deployment === undefined ? {} : { deployment }),
      ...(profile === undefined ? {} : { profile }),
      ...(region === undefined ? {} : { region }),
    },
    terminal,
  );
  return READERS[ask](client);
}

const READERS: Readonly<Record<Asked, (client: DurableClient) => Promise<readonly Candidate[]>>> = {
  executions: async (client) =>
    (await client.list({ limit: MOST })).executions.map(({ executionId, workflow, status }) => ({
      word: executionId,
      about: `${workflow}, ${status}`,
    })),
  workflows: async (client) =>
    (await client.definitions()).map(({ workflow }) => ({ word: workflow, about: "workflow" })),
  schedules: async (client) =>
    (await client.schedules.list()).schedules.map(({ id, workflow, expression }) => ({
      word: id,
      about: `${workflow}, ${expression}`,
    })),
};
