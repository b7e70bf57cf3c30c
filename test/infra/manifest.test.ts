import { describe, expect, it } from "vitest";
import { type ManifestOptions, readManifest } from "../../lib/cdk/manifest.js";
import { commonJs, fixture } from "./fixtures/index.js";

function messageFor(name: string, options?: ManifestOptions): string {
  try {
    readManifest(fixture(name), options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "no error";
}

describe("reading what an app declares", () => {
  it("finds workflows with their versions, and events", () => {
    expect(readManifest(fixture("app")).workflows.map((workflow) => workflow.name)).toEqual([
      "order",
      "refund",
    ]);
  });

  it.each(["compiled.cjs", "plain.cjs"])("reads an app in CommonJS: %s", (file) => {
    expect(readManifest(commonJs(file)).workflows.map((workflow) => workflow.name)).toEqual(["order"]);
  });

  it("hands the function's environment to the app, and is not confused by what it prints", () => {
    const manifest = readManifest(fixture("throws"), { environment: { ORDERS_TABLE: "orders" } });
    expect(manifest.events).toEqual([{ name: "orders" }]);
  });

  it("says what the app threw, and where", () => {
    const message = messageFor("throws");
    expect(message).toContain("threw an error while it was imported");
    expect(message).toContain("ORDERS_TABLE is not set");
    expect(message).toContain("throws.ts:3");
    expect(message).toContain("`environment`");
  });

  it("says that the default export is missing, and what is there", () => {
    const message = messageFor("no-default");
    expect(message).toContain("is not a Holdfast app");
    expect(message).toContain("no default export; it exports orders");
  });

  it("says that the default export is something else", () => {
    expect(messageFor("not-an-app")).toContain("a default export that is of type object");
  });

  it("says what could not be bundled, and where", () => {
    const message = messageFor("unbundlable");
    expect(message).toContain("could not be bundled");
    expect(message).toContain("a-package-that-is-not-installed");
  });

  it("does not wait for an import that never ends", () => {
    expect(messageFor("hangs", { timeoutMs: 1000 })).toContain("could not be read");
  });
});
