/** All orders of one pair's calls, and what did not hold in which. */
import { isAtomic, isSerial, ordersLike } from "./equivalent.js";
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

/** How many orders there are, and how many were made so that each of them is like one of these. */
export interface Covered {
  readonly orders: number;
  readonly explored: number;
}

export interface PairReport {
  readonly pair: string;
  /** The most calls that each of the two made. */
  readonly calls: readonly number[];
  /** Both live to their ends. */
  readonly alive: Covered;
  /** One of them dies. */
  readonly withDeath: Covered;
  /** Runs that were given up, since they would only repeat others. */
  readonly cut: number;
  /** In how many ways it ended for those who see it from outside, where both lived. */
  readonly ends: number;
  /** Nothing was left out. */
  readonly isWhole: boolean;
  readonly seconds: number;
  readonly wrong: number;
  /** The first of them. */
  readonly wrongOrders: readonly WrongOrder[];
}

export interface ExploreOptions {
  /** Whether one of the two may die, before or after any of its calls. */
  readonly deaths: boolean;
  /** False makes every order there is. Default true. */
  readonly prunes?: boolean;
  /** More are not explored. Default: all. */
  readonly most?: number;
  /** Told of each order that was made. */
  readonly seen?: (judged: Judged) => void;
}

/** So many wrong orders are told in full. */
const MOST_TOLD = 3;

const DIGITS = 36;

export async function explorePair(pair: Pair, options: ExploreOptions): Promise<PairReport> {
  const { deaths, prunes = true, most = Number.POSITIVE_INFINITY } = options;
  const began = performance.now();
  const exploration = new Exploration(() => Meeting.of(pair, deaths), prunes);
  const ends = new Ends();
  const alive = { orders: 0, explored: 0 };
  const withDeath = { orders: 0, explored: 0 };
  const calls = [0, 0];
  const wrongOrders: WrongOrder[] = [];
  let wrong = 0;
  let isWhole = true;
  for await (const found of exploration.orders()) {
    const judged = await judge(found.course);
    options.seen?.(judged);
    const covered = found.course.hasDeath ? withDeath : alive;
    covered.explored += 1;
    covered.orders += prunes ? ordersLike(found.made) : 1;
    for (const [index, many] of judged.calls.entries()) calls[index] = Math.max(calls[index] ?? 0, many);
    if (!found.course.hasDeath) ends.note(found, judged);
    if (judged.broken.length > 0) {
      wrong += 1;
      if (wrongOrders.length < MOST_TOLD) wrongOrders.push(tell(found, judged.broken));
    }
    isWhole = alive.explored + withDeath.explored < most;
    if (!isWhole) break;
  }
  // Which ends there may be is known only when all orders were made.
  for (const { order, outcome } of isWhole ? ends.strange() : []) {
    wrong += 1;
    if (wrongOrders.length >= MOST_TOLD) continue;
    const again = await follow(await Meeting.of(pair, deaths), order);
    await judge(again.course);
    wrongOrders.push(tell(again, [`no order in which it goes in one go ends so: ${outcome}`]));
  }
  const { cut } = exploration;
  const seconds = (performance.now() - began) / 1_000;
  return {
    pair: pair.name,
    calls,
    alive,
    withDeath,
    cut,
    ends: ends.size,
    isWhole,
    seconds,
    wrong,
    wrongOrders,
  };
}

/** One order, told in full. What the order does not say is the first move. */
export async function replayOrder(pair: Pair, order: string): Promise<WrongOrder> {
  const digits = [...order].map((digit) => Number.parseInt(digit, DIGITS));
  const found = await follow(await Meeting.of(pair, true), digits);
  const { broken } = await judge(found.course);
  return tell(found, broken);
}

function tell({ course, order }: Explored<Meeting>, broken: readonly string[]): WrongOrder {
  return { order: order.map((index) => index.toString(DIGITS)).join(""), broken, trace: course.told() };
}

/**
 * To whoever stands outside, what a client asks for happens at one moment between the call and the answer (M. Herlihy and J. Wing,
 * Linearizability, ACM TOPLAS 1990). So an end must be that of an order in which a client goes in one go at some place of the other's
 * course; of two clients, one goes after the other; and of two functions, one of them goes in one go.
 */
function isInOneGo({ course: { actors }, made }: Explored<Meeting>): boolean {
  const clients = actors.filter(({ invocation }) => invocation.by === "client");
  const whole = clients.length === 0 ? actors : clients;
  return clients.length === 2 ? isSerial(made) : whole.some(({ number }) => isAtomic(made, number));
}

/** The ends of those orders, and those of others. */
class Ends {
  readonly #allowed = new Set<string>();
  readonly #others = new Map<string, readonly number[]>();

  get size(): number {
    return new Set([...this.#allowed, ...this.#others.keys()]).size;
  }

  note(found: Explored<Meeting>, { outcome }: Judged): void {
    if (isInOneGo(found)) this.#allowed.add(outcome);
    else if (!this.#others.has(outcome)) this.#others.set(outcome, found.order);
  }

  strange(): { readonly order: readonly number[]; readonly outcome: string }[] {
    return [...this.#others].flatMap(([outcome, order]) =>
      this.#allowed.has(outcome) ? [] : [{ order, outcome }],
    );
  }
}
