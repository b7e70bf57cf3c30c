import { jumpTo, pipeline, type Signal, suspended, terminal } from "holdfast/pipeline";
import { say } from "./services.js";

/** What somebody decides who is asked. */
function decisionIn(signaled: Signal | undefined): string | undefined {
  return signaled?.name === "decision" && typeof signaled.data?.decision === "string"
    ? signaled.data.decision
    : undefined;
}

/**
 * Builds a version, tests it in two ways at once, asks somebody, and ships it; what fails to come up is rolled back. Started with
 * `{ "version": "1.4.2" }`. Who is asked answers with `holdfast pipeline signal <id> approve --name decision --data '{"decision":"ship"}'`; `"rebuild"`
 * begins again at the build, and anything else ends it.
 */
export const release = pipeline({
  application: "shop",
  name: "release",
  configId: "shop-release",
  stages: [
    {
      refId: "build",
      tasks: [
        {
          name: "build",
          run: (step) => {
            const { version } = step.pipeline.trigger;
            if (typeof version !== "string")
              return terminal("Expected a trigger with a version, such as 1.4.2.");
            say("release.build", step, { version });
            return { outputs: { image: `shop:${version}` } };
          },
          verify: { requiredKeys: ["image"], types: { image: "string" } },
        },
      ],
    },
    {
      refId: "unit-tests",
      requisites: ["build"],
      tasks: [
        { name: "test", run: (step) => say("release.unit-tests", step, { image: step.context.image }) },
      ],
    },
    {
      refId: "smoke-tests",
      requisites: ["build"],
      timeout: "30m",
      tasks: [
        {
          name: "test",
          retry: { maxAttempts: 3, initialInterval: "10s" },
          run: (step) => say("release.smoke-tests", step, { image: step.context.image }),
        },
      ],
    },
    {
      refId: "approve",
      requisites: ["unit-tests", "smoke-tests"],
      // Nothing runs while it waits, and nothing is paid for.
      timeout: "7d",
      tasks: [
        {
          name: "ask",
          run: ({ signaled }) => {
            const decision = decisionIn(signaled);
            if (decision === undefined) return suspended();
            if (decision === "rebuild") return jumpTo("build");
            return decision === "ship" ? {} : terminal(`Not approved: ${decision}.`);
          },
        },
      ],
    },
    {
      refId: "deploy",
      requisites: ["approve"],
      tasks: [
        {
          name: "deploy",
          retry: { maxAttempts: 2, initialInterval: "5s" },
          run: (step) => {
            say("release.deploy", step, { image: step.context.image });
            // For trying out what a failure does.
            if (step.pipeline.trigger.breaks === true) throw new Error("The new version does not come up.");
            return { outputs: { live: step.context.image ?? "" } };
          },
        },
      ],
      onFailure: [
        {
          name: "Roll back",
          tasks: [{ name: "roll back", run: (step) => say("release.roll-back", step) }],
        },
      ],
    },
  ],
});
