import { budget } from "../budget.js";
import type { Scene } from "../scene.js";

const GREETING = "greeting-twice";

/** (d) Two callers start the same thing at the same moment. */
export const startedTwice: Scene = {
  title: "Two starts with one id, at the same moment",
  async play(on) {
    const { stage, say } = on;
    const payload = { workflow: "greeting", id: GREETING, input: { name: "Ada" }, wait: true };
    say("→ Lambda Invoke of the start function, twice at once");
    const answers = await Promise.all([stage.invokeStart(payload), stage.invokeStart(payload)]);
    const ended = await on.ended(GREETING);

    on.claim(
      "both were told of one execution",
      answers.map(({ executionId }) => executionId),
      [GREETING, GREETING],
    );
    on.claim("one of them created it", answers.map(({ created }) => created).sort(), [false, true]);
    on.claim("it ran once", stage.effects.of(GREETING).length, 1);
    on.claim(
      "both have its output",
      answers.map(({ output }) => output),
      ["Hello, Ada!", "Hello, Ada!"],
    );
    on.claim("its history is that of one run", await on.story(GREETING), STORY);
    on.claim("it completed", ended.status, "completed");
    return { executionId: GREETING, ids: [GREETING], budget: budget({ start: 1, repeat: 1, completion: 1 }) };
  },
};

const STORY = ["ExecutionStarted", "StepCompleted step:greet", "ExecutionCompleted"];
