/** The codec of the app whose executions a command looks at: bundled from the user's code, and run in this process. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkCodec, type PayloadCodec } from "../model/codec.js";
import { UsageError } from "./exit.js";

/**
 * @param file whose default export, or export `codec`, is the codec, or an app that has one
 * @throws UsageError, InvalidDefinitionError
 */
export async function loadCodec(file: string): Promise<PayloadCodec> {
  if (!existsSync(file)) throw new UsageError(`--codec names a file that is not there: ${file}`);
  const { bundleScript } = await import("../cdk/bundle.js");
  const dir = mkdtempSync(join(tmpdir(), "holdfast-codec-"));
  try {
    const script = join(dir, "codec.mjs");
    // As a namespace: a module need not have both of the exports that are looked for.
    writeFileSync(
      script,
      bundleScript(`import * as found from ${JSON.stringify(resolve(file))};\nexport { found };`),
    );
    const { found: module }: { found: Record<string, unknown> } = await import(pathToFileURL(script).href);
    const found = [module.codec, codecOf(module.default), module.default].find(isCodec);
    if (found === undefined)
      throw new UsageError(
        `There is no codec in ${file}. Expected { id, seal, open } as its default export or its export "codec", or an app that has one as its default export.`,
      );
    return checkCodec(found);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function codecOf(app: unknown): unknown {
  return typeof app === "object" && app !== null ? Reflect.get(app, "codec") : undefined;
}

function isCodec(found: unknown): found is PayloadCodec {
  return (
    typeof found === "object" &&
    found !== null &&
    typeof Reflect.get(found, "seal") === "function" &&
    typeof Reflect.get(found, "open") === "function"
  );
}
