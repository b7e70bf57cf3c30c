/**
 * Conditions, filters and key conditions, as this store writes them: comparisons, BETWEEN, IN, attribute_exists, attribute_not_exists,
 * begins_with, AND, OR, NOT and parentheses, over paths and `:values`. An expression with anything else is refused: its writer has to teach
 * it to this file.
 */
import type { Item } from "../item.js";

/** What an expression's `#names` and `:values` stand for. */
export interface Meaning {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

type Test = (item: Item, meaning: Meaning) => boolean;
type Operand = (item: Item, meaning: Meaning) => unknown;

const TOKENS = /[#:]?\w+(?:\.#?\w+)*|<=|>=|[=<>(),]/g;

/** By their text: a store has a few dozen. */
const parsed = new Map<string, Test>();

/** Whether an item (`{}` for none) fits the expression. */
export function fits(expression: string, item: Item, meaning: Meaning): boolean {
  let test = parsed.get(expression);
  if (test === undefined) {
    test = new Parser(expression).all();
    parsed.set(expression, test);
  }
  return test(item, meaning);
}

/** `#a.#b` as the names of attributes that it goes through. */
export function pathOf(path: string, { names }: Meaning): string[] {
  return path.split(".").map((part) => {
    const name = part.startsWith("#") ? names[part] : part;
    if (name === undefined) throw new Error(`The name ${part} of an expression stands for nothing.`);
    return name;
  });
}

export function valueAt(item: Item, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) => (typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined),
    item,
  );
}

export function givenValue(name: string, { values }: Meaning): unknown {
  if (name in values) return values[name];
  throw new Error(`The value ${name} of an expression was not given.`);
}

class Parser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(private readonly expression: string) {
    this.#tokens = expression.match(TOKENS) ?? [];
    if (this.#tokens.join("") !== expression.replace(/\s/g, "")) throw this.#refused();
  }

  all(): Test {
    const test = this.#or();
    if (this.#next < this.#tokens.length) throw this.#refused();
    return test;
  }

  #or(): Test {
    const tests = [this.#and()];
    while (this.#takes("OR")) tests.push(this.#and());
    return (item, meaning) => tests.some((test) => test(item, meaning));
  }

  #and(): Test {
    const tests = [this.#not()];
    while (this.#takes("AND")) tests.push(this.#not());
    return (item, meaning) => tests.every((test) => test(item, meaning));
  }

  #not(): Test {
    if (this.#takes("NOT")) {
      const test = this.#not();
      return (item, meaning) => !test(item, meaning);
    }
    if (this.#takes("(")) {
      const test = this.#or();
      this.#expect(")");
      return test;
    }
    return this.#function() ?? this.#comparison();
  }

  #function(): Test | undefined {
    if (this.#takes("attribute_exists")) {
      const [operand] = this.#list();
      return (item, meaning) => operand?.(item, meaning) !== undefined;
    }
    if (this.#takes("attribute_not_exists")) {
      const [operand] = this.#list();
      return (item, meaning) => operand?.(item, meaning) === undefined;
    }
    if (this.#takes("attribute_type")) {
      const [operand, type] = this.#list();
      return (item, meaning) => isOfType(operand?.(item, meaning), type?.(item, meaning));
    }
    if (!this.#takes("begins_with")) return undefined;
    const [text, beginning] = this.#list();
    return (item, meaning) => {
      const [found, wanted] = [text?.(item, meaning), beginning?.(item, meaning)];
      return typeof found === "string" && typeof wanted === "string" && found.startsWith(wanted);
    };
  }

  #comparison(): Test {
    const left = this.#operand();
    if (this.#takes("IN")) {
      const list = this.#list();
      return (item, meaning) => list.some((one) => compared(left(item, meaning), one(item, meaning)) === 0);
    }
    if (this.#takes("BETWEEN")) {
      const from = this.#operand();
      this.#expect("AND");
      const to = this.#operand();
      return (item, meaning) => {
        const found = left(item, meaning);
        return atLeast(found, from(item, meaning)) && atLeast(to(item, meaning), found);
      };
    }
    const sign = this.#taken();
    const right = this.#operand();
    return (item, meaning) => {
      const [one, other] = [left(item, meaning), right(item, meaning)];
      if (sign === "=") return compared(one, other) === 0;
      if (sign === "<") return isLess(one, other);
      if (sign === ">") return isLess(other, one);
      if (sign === "<=") return atLeast(other, one);
      if (sign === ">=") return atLeast(one, other);
      throw this.#refused();
    };
  }

  /** Operands in parentheses. */
  #list(): Operand[] {
    this.#expect("(");
    const operands = [this.#operand()];
    while (this.#takes(",")) operands.push(this.#operand());
    this.#expect(")");
    return operands;
  }

  #operand(): Operand {
    const token = this.#taken();
    if (!/^[#:]?\w/.test(token)) throw this.#refused();
    return token.startsWith(":")
      ? (_, meaning) => givenValue(token, meaning)
      : (item, meaning) => valueAt(item, pathOf(token, meaning));
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next += 1;
    return true;
  }

  #taken(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw this.#refused();
    this.#next += 1;
    return token;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw this.#refused();
  }

  #refused(): Error {
    return new Error(
      `The tables in memory do not know the expression "${this.expression}": they know what the store's own conditions need. Teach it to them.`,
    );
  }
}

/** Undefined for what can't be compared: then no comparison holds. Text by its UTF-8, as the table orders it. */
export function compared(one: unknown, other: unknown): number | undefined {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "string" && typeof other === "string")
    return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
  if (typeof one === "boolean" && one === other) return 0;
  return undefined;
}

function isLess(one: unknown, other: unknown): boolean {
  const order = compared(one, other);
  return order !== undefined && order < 0;
}

function atLeast(one: unknown, other: unknown): boolean {
  const order = compared(one, other);
  return order !== undefined && order >= 0;
}

/** By DynamoDB's letters. Of the types the store asks for numbers alone. */
function isOfType(value: unknown, type: unknown): boolean {
  if (type === "N") return typeof value === "number" || typeof value === "bigint";
  throw new Error(`The tables in memory do not know the type "${String(type)}". Teach it to them.`);
}
