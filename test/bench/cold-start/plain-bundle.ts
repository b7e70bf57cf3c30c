/** A handler as people bundle it: one minified file, with all of the SDK that it imports. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { packageRoot } from "../../../lib/cdk/package-files.js";

export interface PlainBundle {
  readonly file: string;
  remove(): Promise<void>;
}

/** The SDK's modules are taken in their form for bundlers, as we take them: by default, CDK's `NodejsFunction` takes the larger one. */
export async function plainBundle(contents: string): Promise<PlainBundle> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const file = join(directory, "index.mjs");
  await build({
    stdin: { contents, resolveDir: packageRoot(), loader: "js" },
    outfile: file,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    mainFields: ["module", "main"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  return { file, remove: () => rm(directory, { recursive: true, force: true }) };
}
