// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are what is tested
/** Expressions in texts. */
import { describe, expect, it } from "vitest";
import { ExpressionError } from "../../lib/pipeline/errors.js";
import { expressionIn, interpolated, judged, templateIssues } from "../../lib/pipeline/json/template.js";
import type { Json, JsonObject } from "../../lib/pipeline/json-value.js";

const variables: JsonObject = { trigger: { tag: "v7", count: 2 }, items: ["a"], flag: true, text: "$" };
const value = (text: Json): Json => interpolated({ text }, variables).text ?? null;

describe("a text with expressions", () => {
  it("becomes the value of the one that it is, whatever that is", () => {
    expect(value("${ trigger.tag }")).toBe("v7");
    expect(value("${trigger.count}")).toBe(2);
    expect(value("${ items }")).toEqual(["a"]);
    expect(value("${ trigger }")).toEqual({ tag: "v7", count: 2 });
    expect(value("${ flag && trigger.count > 1 }")).toBe(true);
    expect(value("${ null }")).toBe(null);
  });

  it("holds what they give within other text: text as it is, all else as JSON", () => {
    expect(value("image:${ trigger.tag }")).toBe("image:v7");
    expect(value("${ trigger.tag }-${ trigger.count }")).toBe("v7-2");
    expect(value(" ${ items }")).toBe(' ["a"]');
    expect(value("${ flag } and ${ null }")).toBe("true and null");
    expect(value("no expression: $5 {a} }")).toBe("no expression: $5 {a} }");
    expect(value("")).toBe("");
  });

  it("is replaced wherever it stands, but for keys, and keys that are left to others", () => {
    const context = {
      a: ["${ flag }", { b: "${ trigger.tag }", n: 1, none: null }],
      "${ flag }": 1,
      raw: "${ no }",
    };
    expect(interpolated(context, variables, ["raw"])).toEqual({
      a: [true, { b: "v7", n: 1, none: null }],
      "${ flag }": 1,
      raw: "${ no }",
    });
  });

  it("is not looked through again", () => {
    expect(value("${ text + '{ flag }' }")).toBe("${ flag }");
    expect(value("say ${ '${' } flag }")).toBe("say ${ flag }");
  });

  it("may hold maps, and texts with braces and quotes, in its expressions", () => {
    expect(value("${ {'a': {'b': 'c'}}.a.b }!")).toBe("c!");
    expect(value(`\${ '}' + "}'" }`)).toBe("}}'");
    expect(value(String.raw`x${"$"}{ '\'}' }`)).toBe("x'}");
    expect(value("${ '''it's }''' }")).toBe("it's }");
    expect(value('${ """a " }""" }')).toBe('a " }');
    expect(value(String.raw`${"$"}{ r'\}' }`)).toBe("\\}");
    expect(value("${ '' + 'a' }")).toBe("a");
  });

  it("fails with an error that says that it is CEL, and what is wrong", () => {
    for (const text of [
      "${ gone }",
      "${ 1 + }",
      "x ${ trigger.gone } y",
      "${ #root }",
      "${ open",
      "${ 'open }",
    ])
      expect(() => value(text), text).toThrow(ExpressionError);
    expect(() => value("${ gone }")).toThrow(
      /^The CEL expression gone can't be judged: Unknown variable: gone\. Expected CEL .*, and not SpEL, over the stage's context/,
    );
    expect(() => value("${ open")).toThrow(/The CEL expression \$\{ open can't be judged: it opens with/);
    expect(() => judged("1 + 'a'", {})).toThrow(ExpressionError);
  });
});

describe("a field that is an expression", () => {
  it("may have it within ${ … } or not", () => {
    expect(expressionIn("${ a == 1 }")).toBe("a == 1");
    expect(expressionIn("  ${a}  ")).toBe("a");
    expect(expressionIn("a == 1")).toBe("a == 1");
    expect(expressionIn("{'a': 1}.a == 1")).toBe("{'a': 1}.a == 1");
    expect(expressionIn("${a} == ${b}")).toBe("${a} == ${b}");
    expect(expressionIn("'${a}'")).toBe("'${a}'");
    expect(expressionIn("")).toBe("");
  });
});

describe("expressions are read before they are judged", () => {
  it("each with its place", () => {
    const context = { a: ["${ fine }", "x ${ 1 + }"], b: { "odd key": "${ open" }, c: "${ x } ${ #y }" };
    expect(
      templateIssues(context, "").map(({ path, message }) => `${path}: ${message.split(": ")[0]}`),
    ).toEqual([
      "a[1]: expected a CEL expression, found 1 +",
      'b["odd key"]: expected a CEL expression, found ${ open',
      "c: expected a CEL expression, found #y",
    ]);
  });
});
