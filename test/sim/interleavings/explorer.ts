/**
 * All orders of the moves of some actors, by stateless search: each run begins anew, makes the moves that are prescribed, and goes on with the
 * first that is left; the next run differs from it in the last move that could have been another, depth first.
 *
 * Pruning is by sleep sets (P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, LNCS 1032, 1996, chapter 5). Once
 * all that follows a move has been explored, the move *sleeps* in what follows its siblings: to make it there is to come to an order that
 * differs from an explored one by swaps of independent neighbours alone, until a move is made that depends on it. So of the orders that
 * are the same up to such swaps (a Mazurkiewicz trace) exactly one is explored to its end, and no state at an end is lost. Nothing but the
 * relation of independence has to be right for it: `areIndependent`. Dynamic partial-order reduction (C. Flanagan and P. Godefroid, POPL 2005)
 * would save the runs that are cut short because all that could go on sleeps; there are few of them here, since nearly all
 * calls of a pair meet in one head.
 */
import { areApart, type Touch } from "./touches.js";

/** Who has the clock: what it does depends on everything. */
export const TIME = 0;

export interface Move {
  /** The same wherever it is the same move: whatever others did that it doesn't depend on. */
  readonly id: string;
  /** `TIME`, or the number of an invocation. */
  readonly actor: number;
  /** Its actor ends with it, before its own end. No more than one does so in a run. */
  readonly dies: boolean;
  readonly touches: readonly Touch[];
}

/** One run, from the same beginning each time. */
export interface Course {
  /** What could be next, always in the same order; nothing when all are through. */
  moves(): readonly Move[];
  /** Comes back when nothing goes on before the next move. */
  make(move: Move): Promise<void>;
}

export interface Explored<Run extends Course> {
  readonly course: Run;
  readonly made: readonly Move[];
  /** The index of each move among those that could have been made: an order that can be made again. */
  readonly order: readonly number[];
}

/** Moves of one actor, which may have several calls under way, are in an order; so are two deaths, of which only one can be. */
export function areIndependent(one: Move, other: Move): boolean {
  if (one.actor === other.actor || one.actor === TIME || other.actor === TIME) return false;
  return !(one.dies && other.dies) && areApart(one.touches, other.touches);
}

interface Place {
  readonly moves: readonly Move[];
  readonly asleep: readonly Move[];
  readonly done: Move[];
  chosen: Move;
}

export class Exploration<Run extends Course> {
  /** Runs that were given up since all that could go on slept. */
  cut = 0;
  readonly #places: Place[] = [];

  constructor(
    private readonly begin: () => Promise<Run>,
    /** False makes every order there is. */
    private readonly prunes = true,
  ) {}

  /** One run for each order; whoever has seen enough stops asking. */
  async *orders(): AsyncGenerator<Explored<Run>, void, void> {
    do {
      const course = await this.begin();
      if (await this.#go(course)) {
        const made = this.#places.map(({ chosen }) => chosen);
        const order = this.#places.map(({ moves, chosen }) => moves.indexOf(chosen));
        yield { course, made, order };
      } else this.cut += 1;
    } while (this.#turnBack());
  }

  /** @returns whether it came to its end */
  async #go(course: Run): Promise<boolean> {
    for (let depth = 0; ; depth++) {
      const moves = course.moves();
      if (moves.length === 0) return true;
      const place = this.#places[depth] ?? this.#arrive(moves);
      if (place === undefined) return false;
      const move = moves.find(({ id }) => id === place.chosen.id);
      if (move === undefined)
        throw new Error(`The same moves led to another place: there is no ${place.chosen.id}.`);
      await course.make(move);
    }
  }

  /** Undefined when all that could be made here sleeps. */
  #arrive(moves: readonly Move[]): Place | undefined {
    const before = this.#places.at(-1);
    const asleep =
      before === undefined || !this.prunes
        ? []
        : [...before.asleep, ...before.done].filter((move) => areIndependent(move, before.chosen));
    const chosen = moves.find((move) => !isAmong(asleep, move));
    if (chosen === undefined) return undefined;
    const place = { moves, asleep, done: [], chosen };
    this.#places.push(place);
    return place;
  }

  /** @returns whether there is another order */
  #turnBack(): boolean {
    for (let place = this.#places.at(-1); place !== undefined; place = this.#places.at(-1)) {
      const { moves, asleep, done } = place;
      done.push(place.chosen);
      const next = moves.find((move) => !isAmong(asleep, move) && !isAmong(done, move));
      if (next !== undefined) {
        place.chosen = next;
        return true;
      }
      this.#places.pop();
    }
    return false;
  }
}

function isAmong(moves: readonly Move[], { id }: Move): boolean {
  return moves.some((other) => other.id === id);
}

/** Makes the moves of this order, and then always the first one. */
export async function follow<Run extends Course>(
  course: Run,
  order: readonly number[],
): Promise<Explored<Run>> {
  const made: Move[] = [];
  for (let moves = course.moves(); moves.length > 0; moves = course.moves()) {
    const move = moves[order[made.length] ?? 0];
    if (move === undefined)
      throw new Error(`Move ${made.length + 1} is to be number ${order[made.length]} of ${moves.length}.`);
    made.push(move);
    await course.make(move);
  }
  return { course, made, order };
}
