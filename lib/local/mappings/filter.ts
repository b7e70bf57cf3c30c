/** `FilterCriteria` of an event source mapping: any of its patterns lets a record through. */
import { compilePattern, type Matcher } from "../../model/pattern/pattern.js";
import { type Fields, parseJson } from "../json.js";

/** Without criteria everything passes; a pattern that can't be judged is refused. */
export const compileFilter = (criteria: Fields | undefined): Matcher => {
  const matchers = (criteria?.objects("Filters") ?? []).map((filter) =>
    compilePattern(parseJson(filter.require("Pattern", filter.string("Pattern")))),
  );
  return matchers.length === 0 ? () => true : (record) => matchers.some((matches) => matches(record));
};
