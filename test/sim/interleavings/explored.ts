/** All orders of one pair's calls, and what did not hold in which. */
import { isAtomic, ordersLike } from "./equivalent.js";
import { Exploration, type Explored, follow } from "./explorer.js";
import type { Pair } from "./invocations.js";
import { type Judged, judge } from "./judged.js";
import { Meeting } from "./meeting.js";

export interface WrongOrder {
  /** A digit for each move: which of those that could have been next. For `--order`. */
  readonly order: string;
  readonly broken: readonly string[];
  /** All that happened, in words. */
  readonly trace: readonly string[];
}

export interface PairReport {
  readonly pair: string;
  readonly deaths: boolean;
  /** The most calls that each of the two made. */
  readonly calls: readonly number[];
  /** That there are of those that were explored: all, where `isWhole`. */
  readonly orders: number;
  readonly explored: number;
  readonly cut: number;
  readonly ends: number;
  readonly isWhole: boolean;
  readonly seconds: number;
  readonly wrong: number;
  /** The first of them. */
  readonly wrongOrders: readonly WrongOrder[];
}

export interface ExploreOptions {
  readonly deaths: boolean;
  /** False makes every order there is. Default true. */
  readonly prunes?: boolean;
  /** More are not explored. Default: all. */
  readonly most?: number;
  /** With the outcome of each order. */
  readonly seen?: (order: Explored<Meeting>, judged: Judged) => void;
}

/** So many wrong orders are told in full. */
const MOST_TOLD = 3;

const DIGITS = 36;

export async function explorePair(pair: Pair, options: ExploreOptions): Promise<PairReport> {
  const { deaths, prunes = true, most = Number.POSITIVE_INFINITY } = options;
  const began = performance.now();
  const exploration = new Exploration(() => Meeting.of(pair, deaths), prunes);
  const ends = new Ends();
  const wrongOrders: WrongOrder[] = [];
  const calls = [0, 0];
  let [explored, orders, wrong] = [0, 0, 0];
  let isWhole = true;
  for await (const found of exploration.orders()) {
    const judged = await judge(found.course);
    options.seen?.(found, judged);
    explored += 1;
    orders += prunes ? ordersLike(found.made) : 1;
    for (const [index, many] of judged.calls.entries()) calls[index] = Math.max(calls[index] ?? 0, many);
    if (!found.course.hasDeath) ends.note(found, judged);
    if (judged.broken.length > 0) {
      wrong += 1;
      if (wrongOrders.length < MOST_TOLD) wrongOrders.push(told(found, judged.broken));
    }
    isWhole = explored < most;
    if (!isWhole) break;
  }
  // Which ends there may be is known only when all orders were made.
  const strange = isWhole ? ends.strange() : [];
  for (const { order, outcome } of strange) {
    wrong += 1;
    if (wrongOrders.length >= MOST_TOLD) continue;
    const again = await follow(await Meeting.of(pair, deaths), order);
    await judge(again.course);
    wrongOrders.push(
      told(again, [`its end is that of an order in which one of the two goes in one go`, outcome]),
    );
  }
  const seconds = (performance.now() - began) / 1_000;
  const { cut } = exploration;
  return {
    pair: pair.name,
    deaths,
    calls,
    orders,
    explored,
    cut,
    ends: ends.size,
    isWhole,
    seconds,
    wrong,
    wrongOrders,
  };
}

/** One order, told in full. */
export async function replayOrder(
  pair: Pair,
  order: string,
): Promise<{ readonly broken: readonly string[]; readonly told: WrongOrder }> {
  const digits = [...order].map((digit) => Number.parseInt(digit, DIGITS));
  const found = await follow(await Meeting.of(pair, true), digits);
  const { broken } = await judge(found.course);
  return { broken, told: told(found, broken) };
}

function told({ course, order }: Explored<Meeting>, broken: readonly string[]): WrongOrder {
  const digits = order.map((index) => index.toString(DIGITS)).join("");
  return { order: digits, broken, trace: course.told() };
}

/**
 * To whoever stands outside, each of the two is one act, or the other is: it seems to happen at one moment of the other's course. So an end must
 * be that of an order in which one of them goes in one go (M. Herlihy and J. Wing, Linearizability, TOPLAS 1990).
 */
class Ends {
  readonly #allowed = new Set<string>();
  readonly #others = new Map<string, readonly number[]>();

  get size(): number {
    return new Set([...this.#allowed, ...this.#others.keys()]).size;
  }

  note({ made, order }: Explored<Meeting>, { outcome }: Judged): void {
    if ([1, 2].some((actor) => isAtomic(made, actor))) this.#allowed.add(outcome);
    else if (!this.#others.has(outcome)) this.#others.set(outcome, order);
  }

  strange(): { readonly order: readonly number[]; readonly outcome: string }[] {
    return [...this.#others].flatMap(([outcome, order]) =>
      this.#allowed.has(outcome) ? [] : [{ order, outcome }],
    );
  }
}
