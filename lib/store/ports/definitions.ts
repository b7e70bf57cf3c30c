/** What the directory knows of the code that executions ran. */
import type { EpochMs } from "../../model/time.js";
import type { Page } from "../ports.js";

/** One workflow's code, told from other code of the same name by its hash. */
export interface DefinitionSummary {
  readonly workflow: string;
  /** As a head has it as its `definition`. */
  readonly hash: string;
  /** The version that it declares, if any. */
  readonly version?: string;
  /** When it was first recorded. */
  readonly recordedAt: EpochMs;
}

export interface NewDefinition extends DefinitionSummary {
  /** The handler's text, as it runs. */
  readonly source: string;
}

export interface StoredDefinition extends DefinitionSummary {
  /** Of its source, in UTF-8. */
  readonly sourceBytes: number;
  /** Absent where no item could hold it, even compressed. */
  readonly source?: string;
}

/** Which of its definitions a workflow has now. */
export interface CurrentDefinition {
  readonly workflow: string;
  readonly hash: string;
  readonly version?: string;
  /** Since when it is this one: an earlier one may come back. */
  readonly since: EpochMs;
  /** Rises with every change: the condition of the next one. */
  readonly revision: number;
}

export interface DefinitionStore {
  /** The first record of a hash stands: a repeat changes nothing. */
  putDefinition(definition: NewDefinition): Promise<void>;
  getDefinition(workflow: string, hash: string): Promise<StoredDefinition | undefined>;
  /** Of one workflow, by their hashes. */
  listDefinitions(request: {
    readonly workflow: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<DefinitionSummary>>;

  /** Strongly consistent. */
  readCurrentDefinition(workflow: string): Promise<CurrentDefinition | undefined>;
  /** Condition: the revision before it is what stands there, or nothing for revision 1. A repeat of the same is `set`. */
  setCurrentDefinition(current: CurrentDefinition): Promise<{ set: boolean }>;
  /** Of every workflow that was ever recorded, by their names. */
  listCurrentDefinitions(request: {
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<CurrentDefinition>>;
}
