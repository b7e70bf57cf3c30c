/** What came to pass in the user's own table, and on the bus. */
import { digest } from "../../../lib/model/ids.js";
import { type Evidence, performedIn } from "./evidence.js";

/** Each transaction that a history records was applied once, and none that is in no history. */
export function* wrongMoney({ ended, balances, receipts }: Evidence): Iterable<string> {
  const owed = new Map<string, number>();
  const left = new Map(receipts);
  for (const one of ended) {
    for (const { account, amount } of one.output?.payments ?? [])
      owed.set(account, (owed.get(account) ?? 0) + amount);
    for (const { op, place, ok, nonce } of performedIn(one)) {
      if (!ok || !op.startsWith("transaction:")) continue;
      if (receipts.get(place) !== nonce)
        yield `${place} committed as ${nonce}, and its receipt says ${receipts.get(place)}`;
      left.delete(place);
    }
  }
  for (const place of left.keys()) yield `${place} left a receipt, and no history says that it committed`;
  for (const account of new Set([...owed.keys(), ...balances.keys()]))
    if (owed.get(account) !== balances.get(account))
      yield `${account} should have ${owed.get(account)}, and has ${balances.get(account)}`;
}

/** The stable ids of all that histories say was sent. */
export function sentBy(ended: Evidence["ended"]): Set<string> {
  const sent = new Set<string>();
  for (const one of ended) {
    for (const { event } of one.history) if (event.type === "EventSent") sent.add(event.eventId);
    for (const { op, place, ok } of performedIn(one))
      if (ok && op.startsWith("transaction:"))
        sent.add(digest(`${place.replace(`/${op}`, `\n${op}`)}\n0`, 22));
  }
  return sent;
}

/** Each event is heard at least once, under the same id whenever it is, and nothing else is. */
export function* wrongEvents({ ended, heard, explainedCopies }: Evidence): Iterable<string> {
  const sent = sentBy(ended);
  const known = new Map<string, string>();
  const ids = new Map<string, string>();
  for (const { id, by, what } of heard) {
    const said = `${by}: ${what}`;
    if ((known.get(id) ?? said) !== said) yield `event ${id} is "${known.get(id)}", and "${said}"`;
    if ((ids.get(said) ?? id) !== id) yield `"${said}" was heard as ${ids.get(said)}, and as ${id}`;
    known.set(id, said);
    ids.set(said, id);
  }
  for (const id of sent) if (!known.has(id)) yield `event ${id} was sent, and never heard`;
  for (const [id, said] of known)
    if (!sent.has(id)) yield `event ${id} ("${said}") was heard, and is in no history`;
  const copies = heard.length - known.size;
  if (copies > explainedCopies)
    yield `${copies} copies of events were heard, and the faults explain ${explainedCopies}`;
}
