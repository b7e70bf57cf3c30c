/**
 * What may go wrong in one simulated run: each seed draws some of the fault classes, and how often each of them strikes. Few at a time and often
 * finds more than all of them always ("swarm testing": Groce et al., ISSTA 2012).
 */

/** Faults of a single call. */
export const CALL_FAULTS = {
  "the process dies before a call": { most: 0.02 },
  "the process dies after a call": { most: 0.02 },
  "the process dies, and its call takes effect minutes later": { most: 0.02 },
  "a call takes effect, and its reply is lost": { most: 0.04 },
  "a call times out and takes no effect": { most: 0.04 },
  "a call is throttled, and those that follow for a while": { most: 0.01 },
  "a call takes long before it takes effect, while its process lives on or is killed": { most: 0.01 },
  "a reply takes long, while its process lives on or is killed": { most: 0.01 },
  "a transaction conflicts with another": { most: 0.3 },
  "an index shows what was, not what is": { most: 0.05 },
  "an index does not show its newest entries": { most: 0.1 },
  "the bus refuses some entries of a call": { most: 0.3 },
  "the bus fails for a call": { most: 0.2 },
  "no schedule can be created": { most: 0.5 },
} as const;

/** Faults of a message between two functions. */
export const MESSAGE_FAULTS = {
  "a message is received twice at once": { most: 0.2 },
  "a message comes twice": { most: 0.2 },
  "a message comes late": { most: 0.2 },
  "a process dies, and its message with it": { most: 0.7 },
  "a timer comes early": { most: 0.5 },
  "a timer comes late": { most: 0.3 },
  "a timer comes twice": { most: 0.3 },
  "a timer is lost": { most: 0.2 },
  "a record of the stream comes twice": { most: 0.3 },
  "a record of the stream comes late": { most: 0.3 },
} as const;

/** Faults of the surroundings: these strike at some instants. */
export const SURROUNDING_FAULTS = {
  "all processes are killed": { most: 3 },
  "all wakes are lost": { most: 2 },
  "the code is deployed anew": { most: 3 },
  "changed code is deployed": { most: 1 },
  "a deploy forgets the workflows, and another brings them back": { most: 1 },
  "clocks of processes differ, and step back": { most: 1 },
  "workers have little time": { most: 1 },
} as const;

export type CallFault = keyof typeof CALL_FAULTS;
export type MessageFault = keyof typeof MESSAGE_FAULTS;
export type SurroundingFault = keyof typeof SURROUNDING_FAULTS;
export type Fault = CallFault | MessageFault | SurroundingFault;

export const FAULTS = { ...CALL_FAULTS, ...MESSAGE_FAULTS, ...SURROUNDING_FAULTS };

/** How often each of those strikes that may: of how many occasions, or, of a surrounding, at how many instants. */
export type Weather = Readonly<Partial<Record<Fault, number>>>;

/**
 * Calls around which the order of things matters most: a run may have one that is struck more often than all others. By how much more often: those
 * that a run makes once or twice as often as it can be, or they would hardly ever be.
 */
export const FOCI: Readonly<Record<string, number>> = {
  "store.settle": 8,
  "store.appendCommit": 8,
  "store.acquireLease": 8,
  "store.appendMessage": 8,
  "store.createExecution": 60,
  "store.putWait": 20,
  "store.findRecentEvents": 20,
  "store.putRecentEvent": 20,
  "store.markOutbox": 20,
  "store.noteDutiesDone": 30,
  "store.readHead": 8,
  "wakes.send": 8,
  "wakes.schedule": 30,
  "bus.publish": 20,
};

/** One class in four; in one run of eight none at all, and calls are only made in another order. */
export function weatherOf(random: () => number): Weather {
  const isFair = random() < 1 / 8;
  const weather: Partial<Record<Fault, number>> = {};
  for (const [fault, { most }] of Object.entries(FAULTS)) {
    const strikes = random() < 1 / 4;
    const often = random() * most;
    if (strikes && !isFair) weather[fault as Fault] = most >= 1 ? Math.ceil(often) : often;
  }
  return weather;
}

/** What loses messages the audit alone can make good. */
export function needsTheAudit(weather: Weather): boolean {
  const losses = [
    "a timer is lost",
    "all wakes are lost",
    "a process dies, and its message with it",
  ] as const;
  return losses.some((fault) => weather[fault] !== undefined);
}
