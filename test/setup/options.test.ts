import { afterEach, expect, it, vi } from "vitest";
import { optionsOf } from "./options.js";

const before = process.argv;
afterEach(() => {
  process.argv = before;
  vi.restoreAllMocks();
});

const given = (...options: string[]) => {
  process.argv = [...before.slice(0, 2), ...options];
  return optionsOf({ seeds: { type: "string", default: "9" }, json: { type: "boolean", default: false } });
};

it("gives what was given, and defaults", () => {
  expect(given("--json")).toMatchObject({ seeds: "9", json: true });
  expect(given("--seeds", "3")).toMatchObject({ seeds: "3", json: false });
});

it.each([
  [["--sedes", "3"], "Unknown option '--sedes'"],
  [["--seeds"], "Option '--seeds <value>' argument missing"],
])("says of %j what is wrong and what there is, and ends with 2", (options, wrong) => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`ended with ${code}`);
  });
  expect(() => given(...options)).toThrow("ended with 2");
  expect(said).toHaveBeenCalledWith(
    `${wrong}. Expected some of --seeds <value>, --json, after \`--\` with npm run.`,
  );
});
