import type { Context } from "../../define/context.js";
import { eventDetail, outgoingSignalData } from "../../define/outgoing.js";
import { durationMs } from "../../model/time.js";
import { asking, type Site } from "./site.js";

export function sending(site: Site): Pick<Context, "sendEvent" | "signal"> {
  const { requests, branch } = site;
  return {
    sendEvent: (event, data, { expiresAfter } = {}) =>
      asking(site, "sendEvent", () => {
        const detail = eventDetail("ctx.sendEvent", event, data);
        const expiresAfterMs = expiresAfter === undefined ? undefined : durationMs(expiresAfter);
        return requests.request(
          {
            kind: "send",
            path: branch.scope.next("send", event.name),
            label: `sending event "${event.name}"`,
            event: event.name,
            detail,
            ...(expiresAfterMs === undefined ? {} : { expiresAfterMs }),
          },
          branch,
        );
      }),

    signal: (executionId, name, data) =>
      asking(site, "signal", () => {
        const stored = outgoingSignalData("ctx.signal", executionId, name, data);
        return requests.request(
          {
            kind: "signal",
            path: branch.scope.next("tell", name),
            label: `signal "${name}" for execution "${executionId}"`,
            to: executionId,
            name,
            data: stored,
          },
          branch,
        );
      }),
  };
}
