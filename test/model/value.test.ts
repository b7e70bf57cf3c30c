import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  CancelledError,
  HoldfastError,
  InvalidInputError,
  NonRetryableError,
  StepTimeoutError,
  UnencodableValueError,
} from "holdfast";
import { describe, expect, it } from "vitest";
import * as catalogue from "../../lib/model/errors.js";
import {
  decode,
  type Encoded,
  type ErrorClasses,
  encode,
  encodeThrown,
  payloadMark,
  payloadNamedBy,
} from "../../lib/model/value.js";

/** What storage does to an encoded value: nothing but text survives it. */
const stored = (encoded: Encoded): Encoded => JSON.parse(JSON.stringify(encoded)) as Encoded;
const kept = (value: unknown, classes?: ErrorClasses): unknown => decode(stored(encode(value)), classes);
const keptThrown = (thrown: unknown, classes?: ErrorClasses): unknown =>
  decode(stored(encodeThrown(thrown)), classes);

/** Names that are ours, or JavaScript's, where a user may well have a field of that name. */
const trickyKeys = fc.constantFrom(
  "$date",
  "$number",
  "$undefined",
  "$bigint",
  "$map",
  "$set",
  "$bytes",
  "$url",
  "$regexp",
  "$error",
  "$object",
  "$payload",
  "$unknown",
  "$",
  "$$date",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "toJSON",
  "then",
  "length",
  "",
);

const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE),
);

/** Everything that is kept, nested in everything that nests. */
const { value: anyValue } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, undefined, true, false),
    fc.string({ unit: "binary" }),
    anyNumber,
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
    tie("object"),
  ),
  object: fc
    .array(fc.tuple(fc.oneof(trickyKeys, fc.string()), tie("value")), { maxLength: 4 })
    // Defined, not assigned: `__proto__` is data here.
    .map((entries) => Object.fromEntries(entries)),
}));

describe("a value that was stored and read", () => {
  it("is what it was, whatever it is made of", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expectSame(kept(value), value);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is what it was even before it reached storage, as live code sees it", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expectSame(decode(encode(value)), value);
      }),
    );
  });

  it("is written the same way again, so that a replay compares equal", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const first = JSON.stringify(encode(value));
        expect(JSON.stringify(encode(kept(value)))).toBe(first);
      }),
    );
  });

  it("is never one of our marks, though it be spelled like one: our own stored form is data like any other", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const spelledLikeOurs = stored(encode(value));
        expectSame(kept(spelledLikeOurs), spelledLikeOurs);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["text", "héllo \u{1F600}\u0000"],
    ["half of a surrogate pair", "\uD83D"],
    ["minus nothing", -0],
    ["no number", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["minus infinity", Number.NEGATIVE_INFINITY],
    ["the largest number", Number.MAX_VALUE],
    ["a BigInt beyond numbers", 2n ** 200n],
    ["a negative BigInt", -1n],
    ["nothing", undefined],
    ["a field that is nothing", { a: undefined }],
    ["a date", new Date("2026-01-01T12:00:00.123Z")],
    ["a date before year nothing", new Date(-8.64e15)],
    ["an invalid date", new Date(Number.NaN)],
    ["a URL", new URL("https://user@example.com:8443/a?b=c#d")],
    ["a regular expression", /a\/b(?<name>c)/giu],
    ["bytes", new Uint8Array([0, 127, 255])],
    ["a part of a buffer", new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ["an empty object", {}],
    ["an empty list", []],
    ["a map with objects for keys", new Map([[{ a: 1 }, new Set([1, undefined])]])],
    ["a map in a map", new Map([["a", new Map([[null, -0]])]])],
    ["the same object in two places", (() => [{ a: 1 }].flatMap((shared) => [shared, shared]))()],
  ])("is kept: %s", (_, value) => {
    expect(kept(value)).toStrictEqual(value);
  });

  it("has nothing where a list had holes", () => {
    const list: unknown[] = [1];
    list[2] = 3;
    expect(kept(list)).toStrictEqual([1, undefined, 3]);
  });

  it("is plain bytes where it was a Buffer, and a plain object where it had no prototype", () => {
    expect(kept(Buffer.from("ab"))).toStrictEqual(new Uint8Array([97, 98]));
    expect(kept(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
  });

  it("is a copy: what the code does to it changes nothing that is stored", () => {
    const value = { items: [1] };
    const encoded = encode(value);
    value.items.push(2);
    (decode(encoded) as typeof value).items.push(3);
    expect(decode(encoded)).toEqual({ items: [1] });
  });

  it.each([
    { $date: "2026-01-01T00:00:00.000Z" },
    { $error: { name: "RangeError", message: "not one" } },
    { $object: [["a", 1]] },
    { $object: { $object: [] } },
    { $holdfast: true },
    { $date: "not a date", other: 1 },
    { deep: [{ $map: [[1, 2]] }] },
  ])("stays a user's own object when it looks like a mark: %j", (value) => {
    expect(kept(value)).toStrictEqual(value);
  });

  it("changes no prototype, whatever its keys are", () => {
    const hostile: unknown = JSON.parse(
      '[{"__proto__": {"polluted": true}}, {"constructor": {"prototype": {"polluted": true}}}, {"a": 1, "__proto__": {"polluted": true}}]',
    );
    const back = kept(hostile) as object[];
    expect(Object.getPrototypeOf(back[0])).toBe(Object.prototype);
    expect(Object.hasOwn(back[0] ?? {}, "__proto__")).toBe(true);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(JSON.stringify(back)).toBe(JSON.stringify(hostile));
  });

  it("is refused when a later release wrote it with a mark that this one does not know", () => {
    expect(() => decode({ $temporal: "2026-01-01" })).toThrow(/"\$temporal" that this release does not know/);
  });
});

describe("what can't be stored", () => {
  class Cart {
    readonly items = [];
  }
  it.each([
    ["a function", () => 1, "", /at the top can't be stored: it is a function/],
    ["a symbol", { kind: Symbol("x") }, "kind", /at kind can't be stored: it is a symbol/],
    ["a class instance", { order: { cart: new Cart() } }, "order.cart", /an instance of Cart/],
    ["an instance of an unnamed class", [new (class {})()], "[0]", /an instance of an unnamed class/],
    ["a promise that was not awaited", { later: Promise.resolve(1) }, "later", /an instance of Promise/],
    ["a boxed number", [0, { n: Object(1) }], "[1].n", /an instance of Number/],
    ["a weak map", { cache: new WeakMap() }, "cache", /an instance of WeakMap/],
    ["a function as a map's key", new Map([[() => 1, 1]]), "<key 0>", /a function/],
    ["a function as a map's value", { m: new Map([["a", () => 1]]) }, "m<value 0>", /a function/],
    ["a function in a set", [new Set([1, () => 1])], "[0]<1>", /a function/],
  ])("is refused with its path: %s", (_, value, path, message) => {
    const refusal = refusalOf(value);
    expect(refusal.path).toBe(path);
    expect(refusal.message).toMatch(message);
    expect(refusal.message).toContain("Return a plain form of it.");
  });

  it("is a cycle, through anything that nests", () => {
    const object: Record<string, unknown> = { deep: {} };
    object.deep = { back: object };
    expect(refusalOf(object).path).toBe("deep.back");
    const list: unknown[] = [];
    list.push([list]);
    expect(refusalOf(list).path).toBe("[0][0]");
    const map = new Map<string, unknown>();
    map.set("self", map);
    expect(refusalOf(map).message).toContain("a reference back to an object that holds it");
  });

  it("is what nests deeper than the stack can bear", () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    expect(refusalOf(nested).message).toContain("nested deeper than 200 levels");
    let bearable: unknown = 1;
    for (let depth = 0; depth < 200; depth++) bearable = [bearable];
    expect(kept(bearable)).toStrictEqual(bearable);
  });
});

describe("an error that was stored and read", () => {
  class OutOfStock extends Error {
    override name = "OutOfStock";
    constructor(
      readonly sku: string,
      readonly wanted: bigint,
    ) {
      super(`none of ${sku} left`);
    }
    advice(): string {
      return `order ${this.wanted} later`;
    }
  }
  const known: ErrorClasses = new Map([["OutOfStock", OutOfStock]]);

  it("is of its registered class again, with fields, message, stack and methods", () => {
    const thrown = new OutOfStock("shoe", 3n);
    const back = kept(thrown, known);
    expect(back).toBeInstanceOf(OutOfStock);
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({ name: "OutOfStock", message: "none of shoe left", sku: "shoe", wanted: 3n });
    expect(thrown.stack?.startsWith((back as OutOfStock).stack ?? "nothing")).toBe(true);
    expect((back as OutOfStock).stack).toMatch(/^OutOfStock: none of shoe left\n +at .*value\.test\.ts/);
    expect((back as OutOfStock).advice()).toBe("order 3 later");
  });

  it("keeps its name and fields where its class was not registered", () => {
    const back = kept(new OutOfStock("shoe", 3n));
    expect(back).toBeInstanceOf(Error);
    expect(back).not.toBeInstanceOf(OutOfStock);
    expect(back).toMatchObject({ name: "OutOfStock", sku: "shoe" });
  });

  it("is found by its class's name even where its `name` was never set", () => {
    class Unnamed extends Error {}
    expect(kept(new Unnamed("x"), new Map([["Unnamed", Unnamed]]))).toBeInstanceOf(Unnamed);
  });

  it.each([
    new TypeError("t"),
    new RangeError("r"),
    new SyntaxError("s"),
    new ReferenceError("f"),
    new EvalError("e"),
    new URIError("u"),
    new Error("plain"),
  ])("is of JavaScript's own class again without registering it: $name", (error) => {
    for (const back of [kept(error), kept(error, known)]) {
      expect(back).toBeInstanceOf(error.constructor);
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
      expect(back).toMatchObject({ name: error.name, message: error.message });
    }
  });

  it.each([
    new CancelledError("too late"),
    new NonRetryableError("no", { cause: new TypeError("inner") }),
    new StepTimeoutError("reserve", 30_000),
    new UnencodableValueError("a.b", "a function"),
    new InvalidInputError("The input", [{ path: "a", message: "expected text" }]),
  ])("is of our own class again without registering it, its code and fields included: $name", (error) => {
    for (const back of [kept(error), kept(error, known)]) {
      expect(back).toBeInstanceOf(error.constructor);
      expect(back).toBeInstanceOf(HoldfastError);
      expect((back as Error).message).toBe(error.message);
      expectSame((back as Error).cause, error.cause);
      expectSame(fieldsOf(back as Error), fieldsOf(error));
      expect((back as HoldfastError).code).toBe(error.code);
    }
  });

  it("is of its class again for every error of the catalogue", () => {
    const abstract = ["HoldfastError", "EngineError"];
    const classes = Object.entries(catalogue).filter(([name]) => !abstract.includes(name));
    expect(classes.length).toBeGreaterThan(15);
    for (const [name, type] of classes) {
      const error = Object.create(type.prototype, {
        name: { value: name },
        message: { value: "m" },
      }) as Error;
      expect(kept(error), name).toBeInstanceOf(type);
    }
  });

  it("keeps its causes, however they nest, and whatever they are", () => {
    const error = new Error("outer", {
      cause: new OutOfStock("shoe", 1n),
    });
    (error.cause as Error).cause = { code: 7, at: new Date(0) };
    const back = kept(error, known) as Error;
    expect(back.cause).toBeInstanceOf(OutOfStock);
    expect((back.cause as Error).cause).toStrictEqual({ code: 7, at: new Date(0) });
  });

  it("keeps each error of an AggregateError", () => {
    const back = kept(new AggregateError([new TypeError("a"), "b"], "both")) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.message).toBe("both");
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    expect(back.errors[1]).toBe("b");
  });

  it("shows in a log as it did before: name, message, stack, errors and cause are not listed among its fields", () => {
    const back = kept(Object.assign(new TypeError("t", { cause: 1 }), { status: 404 })) as Error;
    expect(Object.keys(back)).toEqual(["status"]);
  });

  it("loses a field that can't be kept, and nothing else", () => {
    const error = Object.assign(new Error("refused"), { status: 409, socket: new WeakMap(), retry: () => 1 });
    const back = kept(error) as typeof error;
    expect(back).toMatchObject({ message: "refused", status: 409 });
    expect(Object.keys(back)).toEqual(["status"]);
  });

  it("loses its prototype to no field, whatever the field is called", () => {
    const error = new Error("hostile");
    Object.defineProperty(error, "__proto__", { value: { polluted: true }, enumerable: true });
    Object.defineProperty(error, "constructor", { value: "x", enumerable: true });
    const back = keptThrown(error) as Error;
    expect(back).toBeInstanceOf(Error);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("can't be forged into a class by a stored name", () => {
    for (const name of ["__proto__", "constructor", "Object", "Function", "toString"]) {
      const back = decode({ $error: { name, message: "m" } }) as Error;
      expect(Object.getPrototypeOf(back)).toBe(Error.prototype);
    }
  });

  it("survives a cycle through its causes", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    const back = kept(error) as Error;
    expect((back.cause as Error).message).toBe("b");
    expect(JSON.stringify(encode(error)).length).toBeLessThan(20_000);
  });

  it("survives a chain of causes that is deeper than values may nest", () => {
    let error = new Error("first");
    for (let depth = 0; depth < 1_000; depth++) error = new Error(`over ${depth}`, { cause: error });
    expect((kept(error) as Error).message).toBe("over 999");
  });

  it("is any error with a cause and fields, of whatever is kept", () => {
    const anyError = fc
      .record({
        type: fc.constantFrom(Error, TypeError, NonRetryableError),
        message: fc.string(),
        cause: anyValue,
        fields: fc.dictionary(
          fc.string().filter((key) => !["name", "message", "stack", "cause", "code"].includes(key)),
          anyValue,
        ),
      })
      .map(({ type, message, cause, fields }) =>
        Object.defineProperties(new type(message, { cause }), Object.getOwnPropertyDescriptors(fields)),
      );
    fc.assert(
      fc.property(anyError, (error: Error) => {
        const back = kept(error) as Error;
        expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
        expect(back.message).toBe(error.message);
        expectSame(back.cause, error.cause);
        expectSame(fieldsOf(back), fieldsOf(error));
      }),
    );
  });
});

describe("whatever was thrown", () => {
  it.each([
    ["text", "out of stock"],
    ["nothing", undefined],
    ["null", null],
    ["a number", 404],
    ["an object", { status: 404 }],
  ])("is kept as it is where it can be: %s", (_, thrown) => {
    expect(keptThrown(thrown)).toStrictEqual(thrown);
  });

  it.each([
    ["a function", () => 1],
    ["a symbol", Symbol("boom")],
    ["a class instance", new (class Refusal {})()],
    [
      "an object without any methods, that holds what can't be kept",
      Object.assign(Object.create(null), { f() {} }),
    ],
    [
      "an object that can't say what it is",
      {
        f() {},
        toString() {
          throw new Error("no text");
        },
      },
    ],
  ])("is an error that says so, where it can't be: %s", (_, thrown) => {
    const back = keptThrown(thrown) as Error;
    expect(back).toBeInstanceOf(Error);
    expect(back.message).toMatch(/^Something that can't be stored was thrown/);
  });

  it("is never lost, and never throws on its way, with a cause that can't say what it is either", () => {
    const error = new Error("outer", { cause: Object.assign(Object.create(null), { f() {} }) });
    expect((keptThrown(error) as Error).message).toBe("outer");
  });
});

function refusalOf(value: unknown): UnencodableValueError {
  try {
    encode(value);
  } catch (error) {
    if (error instanceof UnencodableValueError) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

/** Vitest's own comparison reads `constructor`, which is data here. */
function expectSame(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toStrictEqual(expected);
  expect(isDeepStrictEqual(found, expected)).toBe(true);
}

/** All that an error says of itself beside its name, which code may have set visibly or not. */
function fieldsOf(error: Error): [string, unknown][] {
  return Object.entries(error).filter(([key]) => key !== "name");
}

describe("the mark of a value that is kept elsewhere", () => {
  it("names it", () => {
    expect(payloadNamedBy(stored(payloadMark("object/result-1")))).toBe("object/result-1");
  });

  it.each([
    [{ $payload: "object/result-1" }],
    [{ $payload: "x", more: 1 }],
    [{ $payload: 1 }],
    [{ $payload: { $payload: "x" } }],
    [["$payload", "x"]],
    ["$payload"],
    [null],
  ])("is nothing that encoding makes of a user's value: %j", (value) => {
    expect(payloadNamedBy(stored(encode(value)))).toBeUndefined();
    expect(kept(value)).toEqual(value);
  });

  it("can't stand for a value by itself: whoever decodes it has not brought the value back", () => {
    expect(() => decode(payloadMark("x"))).toThrow(
      'a stored mark "$payload" that this release does not know',
    );
  });
});

describe("what nobody can have stored", () => {
  it.each([
    { $bigint: "x" },
    { $url: "no url" },
    { $regexp: ["("] },
    { $regexp: 7 },
    { $number: "seven" },
    { $date: "then" },
    { $future: true },
    { a: [{ $bigint: {} }] },
  ])("is refused, and not made up: %j", (stored) => {
    expect(() => decode(stored)).toThrow(UnencodableValueError);
  });

  it("is refused however deep it nests", () => {
    const deep = JSON.parse(`${'{"a":['.repeat(20_000)}${"]}".repeat(20_000)}`);
    expect(() => decode(deep)).toThrow(UnencodableValueError);
  });
});
