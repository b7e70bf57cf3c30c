/** Tasks that judge expressions: what can't be judged fails its stage at once, since to try again would give the same. */
import { ExpressionError, type PipelineIssue } from "../../errors.js";
import { type TaskBody, type TaskResult, terminal } from "../../task.js";

export function failingOnExpressions(body: TaskBody): TaskBody {
  return async (task) => {
    try {
      return await body(task);
    } catch (error) {
      if (error instanceof ExpressionError) return terminal(error.message);
      throw error;
    }
  };
}

/** A context that was changed since its pipeline was checked, or was never checked. */
export function unusable(issues: readonly PipelineIssue[]): TaskResult {
  const words = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return terminal(`The stage's context can't be used: ${words.join("; ")}`);
}
