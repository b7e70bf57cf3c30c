/**
 * Parts of a function's bundle: clients of AWS that not every call needs, each in a file of its own, which Node reads when it is first used.
 * The rest is one file, or few. Splitting it by what is shared, as esbuild does, makes some twenty, each read and linked at the start, and
 * brings in what only the parts need (docs/decisions/0033-bundles-in-parts.md).
 *
 * A part is a module of `lib/aws/` that gives the names of SDK packages and has no code of ours: it is bundled with copies of what it imports, and a
 * copy of a class or of state would be another one. What stands in for the SDK's provider of credentials is in each, and keeps something for its own
 * client only.
 */
import type { Metafile } from "esbuild";

export type Part = (typeof PARTS)[number];

const PARTS = ["cloudformation", "credentials", "eventbridge", "lambda", "s3", "scheduler", "sqs"] as const;

/** The name of its file, in the bundle and, but for the extension, in `lib/aws/`. No app has a file of such a name. */
export const partFile = (part: Part): string => `holdfast-part-${part}.js`;

/** As our modules import it, and as it is imported in a bundle. */
const specifierOf = (part: Part): string => `./${partFile(part)}`;

/** What the bundler is to leave alone. */
export function partsLeftOut(shared: readonly Part[]): string[] {
  return PARTS.filter((part) => !shared.includes(part)).map(specifierOf);
}

/** The parts that the bundled code imports. */
export function partsNeeded({ outputs }: Metafile): Part[] {
  const imported = new Set(Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path)));
  return PARTS.filter((part) => imported.has(specifierOf(part)));
}

/**
 * Parts that nearly every first call of a function needs, by the function's handler. They share the SDK's code with its first file, where others have
 * copies of it: less to read, and more files.
 */
export const SHARED: Readonly<Record<string, readonly Part[]>> = {
  audit: ["sqs"],
  deliver: ["sqs"],
  relay: ["eventbridge"],
  start: ["sqs"],
  worker: ["scheduler", "sqs"],
};
