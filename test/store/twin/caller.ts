/** Chooses operations by what earlier ones answered: mostly sensible ones, and some that are late, wrong or repeated. */
import type { Head } from "../../../lib/model/head.js";
import { shardOf } from "../../../lib/model/ids.js";
import { INDEX_SHARDS, type Outbox } from "../../../lib/store/ports.js";
import { type Choices, IDS, STAGED } from "./choices.js";
import { Dice } from "./dice.js";
import {
  directoryOperations,
  listingOperations,
  outboxOperations,
  retentionOperations,
} from "./directory.js";
import { createFirst, executionOperations } from "./executions.js";
import { call, type Operation } from "./operation.js";

const OPERATIONS = [
  ...executionOperations,
  ...outboxOperations,
  ...directoryOperations,
  ...listingOperations,
  ...retentionOperations,
];

export class Caller {
  readonly #dice: Dice;
  readonly #heads = new Map<string, Head[]>();
  readonly #outboxes = new Map<string, Outbox>();
  readonly #asked: Operation[] = [];
  /** Whom it is busy with: what nobody comes back to stays shallow. */
  #id: string;
  #tokens = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#id = this.#dice.pick(IDS);
  }

  next(): Operation {
    const operation = this.#next();
    this.#asked.push(operation);
    return operation;
  }

  /** Remembers the heads and outboxes that an answer shows. */
  learn(answer: unknown): void {
    if (typeof answer !== "object" || answer === null) return;
    const head = "head" in answer ? answer.head : answer;
    if (isHead(head)) this.#heads.set(head.executionId, [...(this.#heads.get(head.executionId) ?? []), head]);
    if (isOutbox(answer)) this.#outboxes.set(answer.executionId, answer);
  }

  #next(): Operation {
    const unborn = IDS.find((id) => !this.#heads.has(id));
    if (unborn !== undefined && this.#dice.chance(30)) return createFirst({ ...this.#choices(), id: unborn });
    return this.#again() ?? this.#dice.pick(OPERATIONS)(this.#choices());
  }

  /** The last one once more, as the SDK would; or one of those before it, which arrives late; or what the last one has made of its execution. */
  #again(): Operation | undefined {
    if (this.#asked.length === 0) return undefined;
    const kind = this.#dice.below(100);
    if (kind < 10) return this.#asked.at(-1);
    if (kind < 15) return this.#asked.at(-1 - this.#dice.below(Math.min(30, this.#asked.length)));
    return kind < 28 ? call("readHead", this.#id) : undefined;
  }

  #choices(): Choices {
    const dice = this.#dice;
    if (dice.chance(30)) this.#id = dice.pick(IDS);
    const id = this.#id;
    const heads = this.#heads.get(id) ?? [];
    this.#tokens += 1;
    return {
      dice,
      id,
      head: dice.chance(90) ? heads.at(-1) : heads[dice.below(Math.max(1, heads.length))],
      outbox: this.#outboxes.get(dice.pick([id, id, ...STAGED])),
      slot: 1 + dice.below(3),
      shard: dice.chance(70) ? shardOf(id, INDEX_SHARDS) : dice.below(INDEX_SHARDS),
      token: dice.chance(90) ? `t${this.#tokens}` : "same",
    };
  }
}

function isHead(found: unknown): found is Head {
  return (
    typeof found === "object" &&
    found !== null &&
    "executionId" in found &&
    "epoch" in found &&
    "inbox" in found
  );
}

function isOutbox(found: object): found is Outbox {
  return "states" in found && "version" in found;
}
