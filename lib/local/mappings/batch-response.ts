/**
 * What a function says about its batch, when the mapping has `ReportBatchItemFailures`.
 *
 * | the answer                                             | means                    |
 * |--------------------------------------------------------|--------------------------|
 * | null, no or an empty `batchItemFailures`                | all succeeded            |
 * | a list of `{ itemIdentifier }`                          | these failed             |
 * | an identifier that is empty, missing or not in the batch | all failed               |
 * | anything else                                          | all failed               |
 */
import { isArray, isObject, tryParseJson } from "../json.js";

export const failedItems = (payload: string, batch: readonly string[]): readonly string[] => {
  const answer = tryParseJson(payload);
  if (answer === null) return [];
  if (!isObject(answer)) return batch;
  const failures = answer.batchItemFailures;
  if (failures === undefined || failures === null) return [];
  if (!isArray(failures)) return batch;
  const failed: string[] = [];
  for (const failure of failures) {
    const id = isObject(failure) ? failure.itemIdentifier : undefined;
    if (typeof id !== "string" || !batch.includes(id)) return batch;
    failed.push(id);
  }
  return failed;
};
