import type { Context } from "../../define/context.js";
import { parseSync, type Schema } from "../../define/schema.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { checkOperationName } from "../../model/ids.js";
import { storable } from "../../model/storable.js";
import { asking, never, type Site } from "./site.js";

type Control = Pick<Context, "setState" | "handleUpdate" | "patched" | "continueAsNew">;
type Handle = (context: Context, input: never) => unknown;

export function control(site: Site): Control {
  const { requests, branch } = site;
  return {
    setState(value) {
      const stored = storable(value, "The state that ctx.setState was given");
      if (requests.guard(branch, "setState")) requests.setState(stored);
    },

    handleUpdate(
      name: string,
      // biome-ignore lint/suspicious/noExplicitAny: the overloads tie the schema's types to the handler's
      optionsOrHandler: { readonly input: Schema<any, any> } | Handle,
      maybeHandler?: Handle,
    ) {
      checkOperationName("ctx.handleUpdate", name);
      const options = typeof optionsOrHandler === "function" ? undefined : optionsOrHandler;
      const handle = typeof optionsOrHandler === "function" ? optionsOrHandler : maybeHandler;
      if (typeof handle !== "function") {
        throw new InvalidDefinitionError(
          `ctx.handleUpdate was given no handler for "${name}". Expected ctx.handleUpdate(name, async (ctx, input) => …), or with { input: schema } before it.`,
        );
      }
      if (!requests.guard(branch, "handleUpdate")) return;
      requests.handleUpdate(name, {
        parse: (input) => parseSync(options?.input, input, `The input of update "${name}"`),
        handle,
      });
    },

    patched(change) {
      checkOperationName("ctx.patched", change);
      return requests.guard(branch, "patched") && requests.patched(change);
    },

    continueAsNew: (input) =>
      asking(site, "continueAsNew", () => {
        const what = `The input of workflow "${requests.workflow.name}"`;
        requests.continueWith(storable(parseSync(requests.workflow.input, input, what), what));
        return never();
      }),
  };
}
