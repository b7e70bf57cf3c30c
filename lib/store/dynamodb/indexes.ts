/** The indexes of the Executions table. Each holds keys alone; an item without an index's attributes is not in it. */
export const INDEXES = {
  byWorkflow: { partition: "wf", sort: "createdAt" },
  byApplication: { partition: "ap", sort: "createdAt" },
  byPipelineConfig: { partition: "pc", sort: "createdAt" },
  byStatus: { partition: "st", sort: "createdAt" },
  outboxPending: { partition: "ob", sort: "obAt" },
} as const;

export interface IndexKeys {
  readonly partition: string;
  readonly sort: string;
}
