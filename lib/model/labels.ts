/** What an execution can be listed by beside its workflow, in the words of who started it. */
import { checkLabel } from "./ids.js";

export interface Labels {
  /** On behalf of which application it runs. */
  readonly application?: string;
  /** By which configuration of a pipeline it runs. */
  readonly pipelineConfigId?: string;
}

/** Those that are there. */
export function labelsOf({
  application,
  pipelineConfigId,
}: { readonly [Label in keyof Labels]: string | undefined }): Labels {
  return {
    ...(application === undefined ? {} : { application }),
    ...(pipelineConfigId === undefined ? {} : { pipelineConfigId }),
  };
}

/** Throws `InvalidInputError`. */
export function checkedLabels(given: Parameters<typeof labelsOf>[0]): Labels {
  const labels = labelsOf(given);
  for (const [label, value] of Object.entries(labels)) checkLabel(label, value);
  return labels;
}
