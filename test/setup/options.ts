/** The options of a script: `parseArgs`, whose complaint about an unknown one is a sentence and no stack. Exit code 2, as for the command. */
import { type ParseArgsConfig, parseArgs } from "node:util";

export function optionsOf<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  options: Options,
): ReturnType<typeof parseArgs<{ options: Options }>>["values"] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const known = Object.entries(options).map(([name, { type }]) =>
      type === "boolean" ? `--${name}` : `--${name} <value>`,
    );
    console.error(`${what.split(". ")[0]}. Expected some of ${known.join(", ")}, after \`--\` with npm run.`);
    process.exit(2);
  }
}
