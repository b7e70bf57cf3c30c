/** `AWS::DynamoDB::GlobalTable` and `AWS::DynamoDB::Table` as a `CreateTable` request. */
import type {
  AttributeDefinition,
  CreateTableCommandInput,
  GlobalSecondaryIndex,
  KeySchemaElement,
  Projection,
  StreamViewType,
} from "@aws-sdk/client-dynamodb";
import type { Fields } from "../../json.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export const TABLE_TYPES = ["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

export interface TableSpec {
  readonly name: string;
  readonly create: CreateTableCommandInput;
}

const USED = [
  "TableName",
  "AttributeDefinitions",
  "KeySchema",
  "GlobalSecondaryIndexes",
  "LocalSecondaryIndexes",
  "StreamSpecification",
  "TimeToLiveSpecification",
];

/** Capacity, encryption, backups and protection: what a function can't see. */
const HARMLESS = [
  "BillingMode",
  "ContributorInsightsSpecification",
  "DeletionProtectionEnabled",
  "OnDemandThroughput",
  "PointInTimeRecoverySpecification",
  "ProvisionedThroughput",
  "Replicas",
  "ResourcePolicy",
  "SSESpecification",
  "TableClass",
  "Tags",
  "WarmThroughput",
  "WriteOnDemandThroughputSettings",
  "WriteProvisionedThroughputSettings",
];

export const readTable = (resource: Resource, report: ReportIgnored): TableSpec => {
  const { properties, identity } = resource;
  account(resource, { used: USED, harmless: HARMLESS }, report);
  if (properties.object("TimeToLiveSpecification")?.boolean("Enabled") === true)
    report(
      resource,
      "items do not expire locally: DynamoDB Local's expiry is unreliable",
      "TimeToLiveSpecification",
    );
  const global = properties.objects("GlobalSecondaryIndexes").map(readIndex);
  const local = properties.objects("LocalSecondaryIndexes").map(readIndex);
  const view = properties.object("StreamSpecification")?.string("StreamViewType");
  return {
    name: identity.name,
    create: {
      TableName: identity.name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: properties.objects("AttributeDefinitions").map(readAttribute),
      KeySchema: readKeys(properties),
      ...(global.length === 0 ? {} : { GlobalSecondaryIndexes: global }),
      ...(local.length === 0 ? {} : { LocalSecondaryIndexes: local }),
      ...(view === undefined
        ? {}
        : {
            StreamSpecification: { StreamEnabled: true, StreamViewType: oneOf<StreamViewType>(view, VIEWS) },
          }),
    },
  };
};

const VIEWS = ["KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE"] as const;

const readIndex = (index: Fields): GlobalSecondaryIndex => ({
  IndexName: index.require("IndexName", index.string("IndexName")),
  KeySchema: readKeys(index),
  Projection: readProjection(index),
});

const readProjection = (index: Fields): Projection => {
  const projection = index.object("Projection");
  const attributes = projection?.strings("NonKeyAttributes") ?? [];
  return {
    ProjectionType: oneOf(projection?.string("ProjectionType") ?? "ALL", [
      "ALL",
      "KEYS_ONLY",
      "INCLUDE",
    ] as const),
    ...(attributes.length === 0 ? {} : { NonKeyAttributes: attributes }),
  };
};

const readKeys = (fields: Fields): KeySchemaElement[] =>
  fields.objects("KeySchema").map((key) => ({
    AttributeName: key.require("AttributeName", key.string("AttributeName")),
    KeyType: oneOf(key.require("KeyType", key.string("KeyType")), ["HASH", "RANGE"] as const),
  }));

const readAttribute = (attribute: Fields): AttributeDefinition => ({
  AttributeName: attribute.require("AttributeName", attribute.string("AttributeName")),
  AttributeType: oneOf(attribute.require("AttributeType", attribute.string("AttributeType")), [
    "S",
    "N",
    "B",
  ] as const),
});

const oneOf = <T extends string>(value: string, allowed: readonly T[]): T => {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Error(`Expected one of ${allowed.join(", ")} in a table, and found "${value}".`);
};
