import type { Context } from "../../define/context.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { checkExecutionId, derivedChildId } from "../../model/ids.js";
import { childSubject } from "../../model/message.js";
import { shown } from "../../model/shown.js";
import { asking, type Site } from "./site.js";

const POLICIES: readonly unknown[] = ["cancel", "abandon", "terminate"];

export function children(site: Site): Pick<Context, "child"> {
  const { requests, branch } = site;
  return {
    child: (workflow, input, options = {}) =>
      asking(site, "child", () => {
        if (workflow?.kind !== "workflow") {
          throw new InvalidDefinitionError(
            "ctx.child was given something that is no workflow. Expected what workflow(...) returns.",
          );
        }
        const { onParentClose = "cancel" } = options;
        if (!POLICIES.includes(onParentClose)) {
          throw new InvalidDefinitionError(
            `onParentClose of a child of workflow "${workflow.name}" is ${shown(onParentClose)}. Expected "cancel", "abandon" or "terminate".`,
          );
        }
        const path = branch.scope.next("child", workflow.name);
        const childId =
          options.id === undefined
            ? derivedChildId(requests.executionId, path)
            : checkExecutionId(options.id);
        return requests.request(
          {
            kind: "child",
            path,
            label: `a child of workflow "${workflow.name}"`,
            subject: childSubject(path),
            childId,
            workflow,
            input,
            onParentClose,
            requested: false,
            there: false,
          },
          branch,
        );
      }),
  };
}
