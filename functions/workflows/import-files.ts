import { pipeline } from "holdfast/pipeline";
import { say } from "./services.js";

/**
 * Finds out which files there are, loads as many at once, and says what came of them: how many instances the middle stage has is known
 * only when it begins. Started with `{ "files": ["a.csv", "b.csv"] }`.
 */
export const importFiles = pipeline({
  application: "shop",
  name: "import-files",
  stages: [
    {
      refId: "list",
      tasks: [
        {
          name: "list",
          run: (step) => {
            const { files = [] } = step.pipeline.trigger;
            say("import.list", step, { files });
            return { outputs: { files } };
          },
        },
      ],
    },
    {
      refId: "load",
      requisites: ["list"],
      instances: { of: "files" },
      // A file that can't be loaded keeps no other one from being loaded.
      continuePipelineOnFailure: true,
      tasks: [
        {
          name: "load",
          retry: { maxAttempts: 3, initialInterval: "5s" },
          run: (step) => {
            const file = String(step.context.item);
            say("import.load", step, { file });
            if (!file.endsWith(".csv")) throw new Error(`${file} is no CSV file.`);
            return { outputs: { file, rows: file.length * 100 } };
          },
        },
      ],
    },
    {
      refId: "report",
      requisites: ["load"],
      tasks: [
        {
          name: "report",
          run: (step) => {
            const loads = Array.isArray(step.context.load) ? step.context.load : [];
            const rows = loads.reduce<number>((sum, load) => sum + rowsOf(load), 0);
            say("import.report", step, { rows });
            return { outputs: { rows } };
          },
        },
      ],
    },
  ],
});

function rowsOf(load: unknown): number {
  const { rows } = (typeof load === "object" && load !== null ? load : {}) as { readonly rows?: unknown };
  return typeof rows === "number" ? rows : 0;
}
