/**
 * Every property of a resource that is read must be accounted for: used, harmless to leave out, or
 * reported. A property that AWS adds tomorrow is reported, rather than silently dropped.
 */
import type { Fields } from "../../json.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";

export const account = (
  resource: Resource,
  properties: { readonly used: readonly string[]; readonly harmless: readonly string[] },
  report: ReportIgnored,
  fields: Fields = resource.properties,
  path = "",
): void => {
  const known = new Set([...properties.used, ...properties.harmless]);
  for (const key of Object.keys(fields.value)) {
    if (!known.has(key)) report(resource, "the local cloud does not know this property", `${path}${key}`);
  }
};
