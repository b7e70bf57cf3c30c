/** The context that workflow code holds: checks what it is asked for, and turns it into operations. It answers nothing itself (I2). */
import type { Context } from "../../define/context.js";
import type { Branch } from "../branch.js";
import { randomFrom, uuidFrom } from "../deterministic.js";
import { loggerTo } from "../logger.js";
import { branching } from "./branching.js";
import { children } from "./children.js";
import { control } from "./control.js";
import { sending } from "./sending.js";
import type { Requests, Site } from "./site.js";
import { steps } from "./steps.js";
import { time } from "./time.js";
import { waiting } from "./waiting.js";

export function makeContext(requests: Requests, branch: Branch): Context {
  const site: Site = { requests, branch };
  const { executionId, seed, workflow } = requests;
  return {
    executionId,
    workflow: workflow.name,
    log: loggerTo(requests.log, { executionId, workflow: workflow.name }),
    random() {
      requests.guard(branch, "random");
      return randomFrom(seed, branch.scope.draw());
    },
    uuid() {
      requests.guard(branch, "uuid");
      return uuidFrom(seed, branch.scope.draw());
    },
    ...time(site),
    ...steps(site),
    ...waiting(site),
    ...sending(site),
    ...children(site),
    ...branching(site),
    ...control(site),
  };
}
