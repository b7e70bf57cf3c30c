import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { DurableTables, type DurableTablesProps } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { resource, temporaryApp } from "../support.js";

function tables(props?: DurableTablesProps) {
  const stack = new Stack(temporaryApp(), "Storage");
  new DurableTables(stack, "Tables", props);
  const template = Template.fromStack(stack);
  const table = (name: string) => resource(template, "AWS::DynamoDB::GlobalTable", `Tables${name}`);
  return { executions: table("Executions"), directory: table("Directory") };
}

const { executions, directory } = tables();

describe("both tables", () => {
  it.each([
    ["executions", executions],
    ["directory", directory],
  ])(
    "%s: keyed by pk and sk, on demand, recoverable, protected, kept",
    (_, { Properties, DeletionPolicy }) => {
      expect(Properties.KeySchema).toEqual([
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ]);
      expect(Properties.BillingMode).toBe("PAY_PER_REQUEST");
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: false });
      expect(Properties.Replicas).toHaveLength(1);
      expect(Properties.Replicas[0]).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
      expect(DeletionPolicy).toBe("Retain");
    },
  );

  it("can be made deletable, for development", () => {
    const disposable = tables({ deletionProtection: false, removalPolicy: RemovalPolicy.DESTROY });
    for (const { Properties, DeletionPolicy } of Object.values(disposable)) {
      expect(Properties.Replicas[0].DeletionProtectionEnabled).toBe(false);
      expect(DeletionPolicy).toBe("Delete");
    }
  });
});

describe("executions", () => {
  it("has a stream of new images", () => {
    expect(executions.Properties.StreamSpecification).toEqual({ StreamViewType: "NEW_IMAGE" });
  });

  it("has five indexes, keys only, none with a constant partition", () => {
    expect(executions.Properties.GlobalSecondaryIndexes).toEqual([
      keysOnly("byWorkflow", "wf", "createdAt"),
      keysOnly("byApplication", "ap", "createdAt"),
      keysOnly("byPipelineConfig", "pc", "createdAt"),
      keysOnly("byStatus", "st", "createdAt"),
      keysOnly("outboxPending", "ob", "obAt"),
    ]);
  });

  it("declares the attributes of its keys with the types that the store writes", () => {
    const types = executions.Properties.AttributeDefinitions.map(
      (attribute: { AttributeName: string; AttributeType: string }) =>
        `${attribute.AttributeName} ${attribute.AttributeType}`,
    );
    expect(types.sort()).toEqual([
      "ap S",
      "createdAt N",
      "ob S",
      "obAt N",
      "pc S",
      "pk S",
      "sk S",
      "st S",
      "wf S",
    ]);
  });

  it("never expires an item", () => {
    expect(executions.Properties.TimeToLiveSpecification).toBeUndefined();
  });
});

describe("directory", () => {
  it("has no stream and no index, and lets items expire", () => {
    expect(directory.Properties.StreamSpecification).toBeUndefined();
    expect(directory.Properties.GlobalSecondaryIndexes).toBeUndefined();
    expect(directory.Properties.TimeToLiveSpecification).toEqual({ AttributeName: "ttl", Enabled: true });
  });
});

describe("the bucket of large values", () => {
  const bucketOf = (props?: DurableTablesProps) => {
    const stack = new Stack(temporaryApp(), "Storage");
    const made = new DurableTables(stack, "Tables", props);
    return { made, template: Template.fromStack(stack) };
  };
  const { template } = bucketOf();
  const bucket = resource(template, "AWS::S3::Bucket", "TablesPayloads");

  it("is private, encrypted, versioned and kept", () => {
    expect(bucket.DeletionPolicy).toBe("Retain");
    expect(bucket.Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      VersioningConfiguration: { Status: "Enabled" },
    });
  });

  it("forgets old versions when the tables' backups do, and never an object itself", () => {
    expect(bucket.Properties.LifecycleConfiguration.Rules).toEqual([
      {
        Id: "forget-what-was-replaced",
        Status: "Enabled",
        ExpiredObjectDeleteMarker: true,
        NoncurrentVersionExpiration: { NoncurrentDays: 35 },
      },
    ]);
  });

  it("refuses whoever does not come by TLS", () => {
    const { PolicyDocument } = resource(template, "AWS::S3::BucketPolicy", "TablesPayloadsPolicy").Properties;
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Action: "s3:*",
        Effect: "Deny",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ]);
  });

  it("goes with the stack where the tables do", () => {
    const { template: disposable } = bucketOf({ removalPolicy: RemovalPolicy.DESTROY });
    expect(resource(disposable, "AWS::S3::Bucket", "TablesPayloads").DeletionPolicy).toBe("Delete");
  });

  it("may be one that is there already", () => {
    const there = { bucketName: "ours", bucketArn: "arn:aws:s3:::ours" };
    const { made, template: without } = bucketOf({ payloadBucket: there });
    expect(made.payloads).toBe(there);
    expect(without.findResources("AWS::S3::Bucket")).toEqual({});
  });
});

function keysOnly(name: string, partition: string, sort: string) {
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: partition, KeyType: "HASH" },
      { AttributeName: sort, KeyType: "RANGE" },
    ],
    Projection: { ProjectionType: "KEYS_ONLY" },
  };
}
