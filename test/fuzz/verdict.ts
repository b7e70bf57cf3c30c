/** What must hold whatever comes in, as findings: sentences of what did not hold. */
import { HoldfastError } from "../../lib/model/errors.js";

/** One input at one entry point, and what did not hold. */
export interface Tried {
  /** What was given, shortened, for a person. */
  readonly input: string;
  /** How it ended, in a word or two: the report counts these, so that a run which tries nothing is seen. */
  readonly end: string;
  readonly broken: readonly string[];
}

/** A message is for a person's eyes, and for a line of a log. */
const LONGEST_MESSAGE = 6_000;

/** Real time, of a whole call: on a loaded machine, and still far below any function's timeout. */
const LONGEST_MS = 10_000;

/** What is wrong with an error that a caller gets, or that a function logs. */
export function wrongWith(error: unknown): string[] {
  if (!(error instanceof HoldfastError)) {
    const said =
      error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : typeof error;
    return [`the error is one of ours, and not ${said.slice(0, 1_200)}`];
  }
  const { name, code, message } = error;
  return [
    ...(name === "" || code === "" ? ["the error has a name and a code"] : []),
    ...(message.length > LONGEST_MESSAGE
      ? [`the message is short: ${code} has ${message.length} characters`]
      : []),
    ...(message.includes("[object Object]")
      ? [`the message shows what was found: ${message.slice(0, 300)}`]
      : []),
    ...(message.trim() === "" ? ["the message says something"] : []),
  ];
}

/** What is wrong with an error as a line of the log tells of it. */
export function wrongWithTold(found: unknown): string[] {
  const field = (name: string): unknown =>
    typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined;
  const message = field("message");
  return [
    ...(typeof field("code") === "string"
      ? []
      : [`the error is one of ours, and not ${short(found, 1_200)}`]),
    ...(typeof message === "string" && message.length > LONGEST_MESSAGE
      ? [`the message is short: ${field("code")} has ${message.length} characters`]
      : []),
  ];
}

const UNTOUCHED = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
].map((prototype) => ({ prototype, keys: Reflect.ownKeys(prototype).map(String).join() }));

/** What somebody has added to what every object inherits from. */
export function pollution(): string[] {
  return UNTOUCHED.filter(
    ({ prototype, keys }) => Reflect.ownKeys(prototype).map(String).join() !== keys,
  ).map(({ prototype }) => `nothing is added to the prototype of ${prototype.constructor.name}`);
}

/** Runs a call and adds what holds of every call: it comes to an end soon, and pollutes nothing. */
export async function watched(call: () => Promise<Tried>): Promise<Tried> {
  const began = performance.now();
  const tried = await call();
  const took = performance.now() - began;
  const slow = took > LONGEST_MS ? [`it ends soon: it took ${Math.round(took)} ms`] : [];
  return { ...tried, broken: [...tried.broken, ...slow, ...pollution()] };
}

/** For a report. */
export function short(value: unknown, most = 400): string {
  const text = typeof value === "string" ? value : textOf(value);
  return text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, item: unknown) =>
      typeof item === "bigint" || typeof item === "symbol" || typeof item === "function" || item === undefined
        ? String(item)
        : item,
    );
  } catch (error) {
    return `${typeof value} that JSON can't say (${error instanceof Error ? error.name : "?"})`;
  }
}
