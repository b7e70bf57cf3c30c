/** Stages in layers, those with the same neighbours together, and of wide fans only a few. */
import type { StageView } from "../../pipeline/client/view.js";
import { STATUSES, type Status } from "../../pipeline/status.js";

/** A line of the picture: a stage, or how many more there are. */
export type Line = { readonly stage: StageView } | { readonly more: number; readonly status: Status };

/** Stages that come after the same stages, and before the same. */
export interface Bundle {
  readonly id: string;
  /** Ids of the bundles after it. */
  readonly downstream: readonly string[];
  readonly lines: readonly Line[];
}

/** A fan that is wider is folded: of each status so many are shown. */
const WIDEST_FAN = 10;
const SHOWN_OF_A_STATUS = 7;

/** What asks for somebody's eyes comes first. */
const URGENCY: readonly Status[] = ["TERMINAL", "STOPPED", "FAILED_CONTINUE", "SUSPENDED", "RUNNING"];

/** @param stages each after those that it waits for */
export function bundled(stages: readonly StageView[], all: boolean): Bundle[] {
  const groups = new Map<string, StageView[]>();
  for (const stage of layered(stages)) {
    const neighbours = JSON.stringify([stage.upstream.toSorted(), stage.downstream.toSorted()]);
    const group = groups.get(neighbours);
    if (group === undefined) groups.set(neighbours, [stage]);
    else group.push(stage);
  }
  const bundleOf = new Map<string, string>();
  for (const [id, group] of groups) for (const { refId } of group) bundleOf.set(refId, id);
  return [...groups].flatMap(([id, group]): Bundle[] => {
    const lines = folded(group, all);
    // With no neighbours at all they have nothing in common.
    if (id === ALONE)
      return lines.map((line, index) => ({ id: `${id} ${index}`, downstream: [], lines: [line] }));
    const after = group[0]?.downstream.flatMap((refId) => bundleOf.get(refId) ?? []) ?? [];
    return [{ id, downstream: [...new Set(after)], lines }];
  });
}

const ALONE = JSON.stringify([[], []]);

/** By how many stand in the longest row before a stage. Those that nothing leads to or from come last: they are in nobody's way there. */
function layered(stages: readonly StageView[]): StageView[] {
  const layers = new Map<string, number>();
  for (const { refId, upstream, downstream } of stages) {
    const isAlone = upstream.length + downstream.length === 0;
    const above = upstream.map((id) => (layers.get(id) ?? 0) + 1);
    layers.set(refId, isAlone ? stages.length : Math.max(0, ...above));
  }
  return stages.toSorted((one, other) => (layers.get(one.refId) ?? 0) - (layers.get(other.refId) ?? 0));
}

function folded(group: readonly StageView[], all: boolean): Line[] {
  if (all || group.length <= WIDEST_FAN) return group.map((stage) => ({ stage }));
  return [...new Set([...URGENCY, ...STATUSES])].flatMap((status): Line[] => {
    const found = group.filter((stage) => stage.status === status);
    // A line that says "1 more" is no shorter than the stage.
    const shown = found.length <= SHOWN_OF_A_STATUS + 1 ? found : found.slice(0, SHOWN_OF_A_STATUS);
    const more = found.length - shown.length;
    return [...shown.map((stage) => ({ stage })), ...(more === 0 ? [] : [{ more, status }])];
  });
}
