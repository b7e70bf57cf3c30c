/**
 * A directed graph as lines of box characters. Each node has a lane; what leads to a node comes down in the node's lane, and a joint below a node
 * leads from its lane to those of the nodes after it. Nodes that come after, and before, exactly the same others hang on one lane, side by side:
 *
 * ```
 * ✓   build
 * ├─╮
 * │ ✓ lint
 * ├───✓ unit
 * ├───✓ slow
 * ```
 */

export interface LaneNode {
  readonly id: string;
  /** Of nodes that come later. */
  readonly downstream: readonly string[];
  /** How many hang on its lane. 1: itself. */
  readonly size: number;
}

/** What stands left of a node's line: around its symbol. */
export interface Place {
  readonly left: string;
  readonly right: string;
  /** Left of the lines below it that still belong to it. */
  readonly below: string;
}

export interface Laid {
  readonly places: readonly Place[];
  /** A line between it and the next one. */
  readonly joint?: string;
}

/** Each lane is two columns wide. */
export const LANE = 2;

/** @param nodes each after all that lead to it */
export function lay(nodes: readonly LaneNode[]): { readonly lanes: number; readonly laid: readonly Laid[] } {
  const plans: Plan[] = [];
  // What comes down in a lane: the id of the node that it leads to.
  const lanes: (string | undefined)[] = [];
  let most = 0;
  for (const node of nodes) {
    const found = lanes.indexOf(node.id);
    const own = found >= 0 ? found : freeIn(lanes, 0);
    const isReached = found >= 0;
    lanes[own] = undefined;
    const beside = lanes.map((leads) => leads !== undefined);
    const joins: Join[] = [];
    for (const target of node.downstream) {
      const there = lanes.indexOf(target);
      const lane = there >= 0 ? there : freeIn(lanes, own);
      lanes[lane] = target;
      joins.push({ lane, isNew: there < 0 });
    }
    most = Math.max(most, lanes.length, own + 1);
    plans.push({ node, own, isReached, beside, joins });
  }
  return { lanes: most, laid: plans.map((plan, index) => drawn(plan, plans[index + 1], most)) };
}

interface Join {
  readonly lane: number;
  readonly isNew: boolean;
}

interface Plan {
  readonly node: LaneNode;
  readonly own: number;
  /** Something leads to it. */
  readonly isReached: boolean;
  /** By lane: whether something comes down there that is not its own. */
  readonly beside: readonly boolean[];
  readonly joins: readonly Join[];
}

/** The first free lane from here, or else the first new one. */
function freeIn(lanes: readonly (string | undefined)[], from: number): number {
  for (let lane = from; lane < lanes.length; lane++) if (lanes[lane] === undefined) return lane;
  return Math.max(lanes.length, from);
}

function drawn(plan: Plan, next: Plan | undefined, lanes: number): Laid {
  const { node, own, isReached, joins } = plan;
  const goesOn = joins.length > 0;
  const places: Place[] = [];
  for (let index = 0; index < node.size; index++) {
    const isLast = index === node.size - 1;
    const below = text(plan, lanes, goesOn || !isLast ? "│" : " ");
    if (node.size === 1) {
      const line = text(plan, lanes, " ");
      places.push({ left: line.slice(0, own * LANE), right: line.slice(own * LANE + 1), below });
    } else {
      const comesFromAbove = isReached || index > 0;
      const hook = comesFromAbove ? (goesOn || !isLast ? "├" : "╰") : "╭";
      places.push({ left: hooked(plan, lanes, hook), right: " ", below: `${below}${" ".repeat(LANE)}` });
    }
  }
  const joint = jointOf(plan, lanes) ?? (looksLikeItLeadsTo(plan, next) ? text(plan, lanes, " ") : undefined);
  return { places, ...(joint === undefined ? {} : { joint }) };
}

/** Nothing does, and the one below stands right under it. */
function looksLikeItLeadsTo({ own, node, joins }: Plan, next: Plan | undefined): boolean {
  return (
    joins.length === 0 && node.size === 1 && next?.own === own && !next.isReached && next.node.size === 1
  );
}

function text({ own, beside }: Plan, lanes: number, at: string): string {
  return Array.from({ length: lanes }, (_, lane) =>
    (lane === own ? at : beside[lane] ? "│" : " ").padEnd(LANE),
  ).join("");
}

/** From its own lane to the right end; lanes that it crosses go on. */
function hooked({ own, beside }: Plan, lanes: number, hook: string): string {
  return Array.from({ length: lanes }, (_, lane) => {
    if (lane < own) return (beside[lane] ? "│" : " ").padEnd(LANE);
    return `${lane === own ? hook : beside[lane] ? "│" : "─"}${"─".repeat(LANE - 1)}`;
  }).join("");
}

/** Undefined where all goes straight down. */
function jointOf({ own, beside, joins }: Plan, lanes: number): string | undefined {
  const others = joins.filter(({ lane }) => lane !== own);
  if (others.length === 0) return undefined;
  const first = Math.min(own, ...others.map(({ lane }) => lane));
  const last = Math.max(own, ...others.map(({ lane }) => lane));
  const at = (lane: number): string => {
    const join = others.find((one) => one.lane === lane);
    const isWithin = lane >= first && lane <= last;
    if (lane !== own && join === undefined) return beside[lane] ? "│" : isWithin ? "─" : " ";
    return corner({
      up: lane === own || join?.isNew === false,
      down: lane !== own || joins.some((one) => one.lane === own),
      left: lane > first,
      right: lane < last,
    });
  };
  return Array.from(
    { length: lanes },
    (_, lane) => `${at(lane)}${(lane >= first && lane < last ? "─" : " ").repeat(LANE - 1)}`,
  ).join("");
}

interface Ways {
  readonly up: boolean;
  readonly down: boolean;
  readonly left: boolean;
  readonly right: boolean;
}

/** By its ways: up, down, left, right. */
const CORNERS: Readonly<Record<string, string>> = {
  "1111": "┼",
  "1110": "┤",
  "1101": "├",
  "1011": "┴",
  "0111": "┬",
  "1010": "╯",
  "1001": "╰",
  "0110": "╮",
  "0101": "╭",
};

function corner({ up, down, left, right }: Ways): string {
  return CORNERS[[up, down, left, right].map(Number).join("")] ?? "│";
}
