/** Types that every deployment has. */
import type { StageType } from "../stage-type.js";
import { checkPreconditions } from "./check-preconditions.js";
import { evaluateVariables } from "./evaluate-variables.js";
import { manualJudgment } from "./manual-judgment.js";
import { pipelineStage } from "./pipeline.js";
import { wait } from "./wait.js";

export const BUILTIN_TYPES: readonly StageType[] = [
  wait,
  manualJudgment,
  checkPreconditions,
  evaluateVariables,
  pipelineStage,
];
