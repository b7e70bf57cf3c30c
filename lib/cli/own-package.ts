/** This package's own files: one level up from `lib/` in a checkout, two from `dist/lib/` in the package. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether, and where, `package.json` is ours. */
function found(): { readonly root: string; readonly version: string } | undefined {
  for (const place of ["../../", "../../../"]) {
    try {
      const read: unknown = JSON.parse(
        readFileSync(new URL(`${place}package.json`, import.meta.url), "utf8"),
      );
      if (typeof read !== "object" || read === null || Reflect.get(read, "name") !== "holdfast") continue;
      return {
        root: fileURLToPath(new URL(place, import.meta.url)),
        version: String(Reflect.get(read, "version")),
      };
    } catch {
      // The other place has it.
    }
  }
  return undefined;
}

export function ownVersion(): string {
  return found()?.version ?? "unknown";
}

/** The directory that holds `package.json`. */
export function ownRoot(): string {
  const it = found();
  if (it === undefined)
    throw new Error("The files of the package holdfast were not found. Install it again.");
  return it.root;
}
