/** What one explored order stands for: all those that differ from it by swaps of independent neighbours. */
import { areIndependent, type Move, TIME } from "./explorer.js";

/** Of each move, how many of each actor's moves come before it in all of these orders, itself among them. */
type Past = ReadonlyMap<number, number>;

function pastsOf(made: readonly Move[]): Past[] {
  const pasts: Past[] = [];
  for (const [index, move] of made.entries()) {
    const past = new Map<number, number>();
    for (const [earlier, other] of made.slice(0, index).entries()) {
      if (areIndependent(other, move)) continue;
      for (const [actor, many] of pasts[earlier] ?? []) past.set(actor, Math.max(past.get(actor) ?? 0, many));
    }
    past.set(move.actor, made.slice(0, index + 1).filter(({ actor }) => actor === move.actor).length);
    pasts.push(past);
  }
  return pasts;
}

/**
 * How many orders there are: the linear extensions of the partial order that the dependent moves are in. Moves of one actor are a chain, so
 * that a place in all of them says which moves have been made.
 */
export function ordersLike(made: readonly Move[]): number {
  const pasts = pastsOf(made);
  const actors = [...new Set(made.map(({ actor }) => actor))];
  const chains = actors.map((own) => pasts.filter((_, index) => made[index]?.actor === own));
  const known = new Map<string, number>();
  const count = (at: readonly number[]): number => {
    const key = at.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    let sum = 0;
    for (const [which, chain] of chains.entries()) {
      const past = chain[at[which] ?? 0];
      const isNext =
        past !== undefined &&
        actors.every((actor, other) => other === which || (past.get(actor) ?? 0) <= (at[other] ?? 0));
      if (isNext) sum += count(at.map((place, index) => (index === which ? place + 1 : place)));
    }
    const isEnd = chains.every((chain, which) => at[which] === chain.length);
    known.set(key, isEnd ? 1 : sum);
    return isEnd ? 1 : sum;
  };
  return count(actors.map(() => 0));
}

/** Whether in one of these orders this actor makes all of its moves in one go, as if they were one. */
export function isAtomic(made: readonly Move[], own: number): boolean {
  const pasts = pastsOf(made);
  const last = made.findLastIndex(({ actor }) => actor === own);
  return made.every(({ actor }, index) => {
    if (actor === own) return true;
    const isAfterSome = (pasts[index]?.get(own) ?? 0) > 0;
    const isBeforeSome = (pasts[last]?.get(actor) ?? 0) >= (pasts[index]?.get(actor) ?? 0);
    return !(isAfterSome && isBeforeSome);
  });
}

/** Whether in one of these orders the one actor makes all of its moves before any of the other's. */
export function isSerial(made: readonly Move[]): boolean {
  const pasts = pastsOf(made);
  const actors = new Set(made.map(({ actor }) => actor).filter((actor) => actor !== TIME));
  return [...actors].some((first) =>
    made.every(
      ({ actor }, index) =>
        actor !== first || [...actors].every((other) => other === first || !pasts[index]?.has(other)),
    ),
  );
}
