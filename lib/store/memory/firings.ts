/** Firing records, in memory. */
import { isSameRecord } from "../firings.js";
import type { ScheduleStore } from "../ports.js";
import { copy, type State } from "./state.js";

export function scheduleMethods(state: State): ScheduleStore {
  return {
    async readFirings(schedule) {
      const found = state.firings.get(schedule);
      return found && copy(found);
    },

    async saveFirings(record) {
      const found = state.firings.get(record.schedule);
      if ((found?.revision ?? 0) !== record.revision - 1)
        return { saved: found !== undefined && isSameRecord(found, record) };
      state.firings.set(record.schedule, copy(record));
      return { saved: true };
    },
  };
}
