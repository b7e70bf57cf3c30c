/** `AWS::Lambda::Version` and `AWS::Lambda::Alias`. */
import type { AliasDeclaration, VersionDeclaration } from "../../lambda/versions.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { functionNameOf } from "./functions.js";
import { account } from "./properties.js";

export const readVersion = (resource: Resource, report: ReportIgnored): VersionDeclaration => {
  const { properties, identity } = resource;
  account(
    resource,
    {
      used: ["FunctionName"],
      harmless: ["CodeSha256", "Description", "ProvisionedConcurrencyConfig", "RuntimePolicy"],
    },
    report,
  );
  const functionName = functionNameOf(properties.require("FunctionName", properties.string("FunctionName")));
  return { key: `${identity.stack}/${identity.logicalId}`, functionName };
};

export const readAlias = (resource: Resource, report: ReportIgnored): AliasDeclaration => {
  const { properties } = resource;
  account(
    resource,
    {
      used: ["FunctionName", "FunctionVersion", "Name"],
      harmless: ["Description", "ProvisionedConcurrencyConfig"],
    },
    report,
  );
  return {
    functionName: functionNameOf(properties.require("FunctionName", properties.string("FunctionName"))),
    name: properties.require("Name", properties.string("Name")),
    version: properties.require("FunctionVersion", properties.string("FunctionVersion")),
  };
};
