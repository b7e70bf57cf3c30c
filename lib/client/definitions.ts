/** What code the deployment's workflows have, and had. */
import { DefinitionNotFoundError } from "../model/errors.js";
import { checkName } from "../model/ids.js";
import type { DefinitionStore, DefinitionSummary, Page } from "../store/ports.js";

/** What a workflow's code was, without its text. */
export interface WorkflowDefinitionSummary {
  readonly workflow: string;
  /** Digest of its handler's text and its version. Executions that were started with it have it as their `definition`. */
  readonly hash: string;
  /** The version that it declares, if any. */
  readonly version?: string;
  /** When it was first recorded. */
  readonly recordedAt: Date;
  /** Whether it is what the workflow has now. */
  readonly current: boolean;
}

/** What a workflow's code was, with its text. */
export interface WorkflowDefinition extends WorkflowDefinitionSummary {
  /** Of the source, in UTF-8. */
  readonly sourceBytes: number;
  /**
   * The handler's text as it ran: bundled, and minified if the bundle was. Absent where it was too large to be recorded (350 KB when
   * compressed).
   */
  readonly source?: string;
}

/** What a workflow has now. */
export interface CurrentWorkflowDefinition {
  readonly workflow: string;
  readonly hash: string;
  readonly version?: string;
  /** When it became the current one: a roll-back makes an earlier one current again. */
  readonly since: Date;
}

const PAGE = 100;

export async function currentDefinitions(store: DefinitionStore): Promise<CurrentWorkflowDefinition[]> {
  const found = await allPages((cursor) => store.listCurrentDefinitions({ limit: PAGE, ...cursor }));
  return found.map(({ since, revision: _revision, ...rest }) => ({ ...rest, since: new Date(since) }));
}

/** @returns empty for a workflow that is not known */
export async function definitionsOf(
  store: DefinitionStore,
  workflow: string,
): Promise<WorkflowDefinitionSummary[]> {
  const [current, found] = await Promise.all([
    store.readCurrentDefinition(workflow),
    allPages((cursor) => store.listDefinitions({ workflow, limit: PAGE, ...cursor })),
  ]);
  return found
    .sort((one, other) => other.recordedAt - one.recordedAt)
    .map((summary) => shownSummary(summary, current?.hash));
}

/** A digest, and as text alone the key of anything. */
function isHash(found: unknown): boolean {
  return typeof found === "string" && found !== "" && found.length <= 100;
}

/** @throws DefinitionNotFoundError, InvalidDefinitionError */
export async function definitionOf(
  store: DefinitionStore,
  workflow: string,
  hash: string | undefined,
): Promise<WorkflowDefinition> {
  checkName("a workflow", workflow);
  if (hash !== undefined && !isHash(hash)) throw new DefinitionNotFoundError(workflow, hash);
  const current = await store.readCurrentDefinition(workflow);
  const wanted = hash ?? current?.hash;
  const found = wanted === undefined ? undefined : await store.getDefinition(workflow, wanted);
  if (found === undefined) throw new DefinitionNotFoundError(workflow, hash);
  const { sourceBytes, source, ...summary } = found;
  return {
    ...shownSummary(summary, current?.hash),
    sourceBytes,
    ...(source === undefined ? {} : { source }),
  };
}

function shownSummary(
  { recordedAt, ...rest }: DefinitionSummary,
  current: string | undefined,
): WorkflowDefinitionSummary {
  return { ...rest, recordedAt: new Date(recordedAt), current: rest.hash === current };
}

async function allPages<T>(list: (cursor: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page: Page<T> = await list(next === undefined ? {} : { cursor: next });
    found.push(...page.items);
    next = page.cursor;
  }
  return found;
}
