/** The context that workflow code holds: checks what it is asked for, and turns it into operations. It answers nothing itself (I2). */
import type { Context, Logger } from "../../define/context.js";
import type { Branch } from "../branch.js";
import { randomFrom, uuidFrom } from "../deterministic.js";
import { branching } from "./branching.js";
import { children } from "./children.js";
import { control } from "./control.js";
import { sending } from "./sending.js";
import type { LogLevel, Requests, Site } from "./site.js";
import { steps } from "./steps.js";
import { time } from "./time.js";
import { waiting } from "./waiting.js";

export function makeContext(requests: Requests, branch: Branch): Context {
  const site: Site = { requests, branch };
  const { executionId, seed, workflow } = requests;
  return {
    executionId,
    workflow: workflow.name,
    log: logger(requests),
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

function logger(requests: Requests): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      requests.log.write(level, message, { executionId: requests.executionId, ...fields });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
