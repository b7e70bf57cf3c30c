/** Who is let in from outside of the roles: whatever a policy on a resource says, in every shape that a deployment can have. */
import { Duration } from "aws-cdk-lib";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { inWords, resources, synthesize } from "../support.js";

const shapes = {
  "as it is by default": synthesize().template,
  "with all that can be asked for": synthesize({
    app: fixture("recurring-app"),
    clientSchedules: true,
    versions: true,
    retention: Duration.days(30),
    archive: true,
    alarmActions: [],
  }).template,
};

/** Ways in that need no IAM, or policies that open a resource to others. */
const OPENING =
  /::Url$|ApiGateway|ElasticLoadBalancing|AppSync|CloudFront|EventBusPolicy|LayerVersionPermission|ResourcePolicy|AccessPoint|SNS::TopicPolicy|KMS::Key$/;

interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string;
  readonly Principal: unknown;
  readonly Condition?: unknown;
}

describe.each(Object.entries(shapes))("a deployment %s", (_, template) => {
  const of = (type: string) => Object.entries(resources(template, type));
  const statements = (type: string): PolicyStatement[] =>
    of(type).flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);

  it("has no way in but IAM: no function URL, no API, no policy that opens a bus, a table or a key", () => {
    const { Resources } = template.toJSON();
    const found: { Type: string; Properties?: object }[] = Object.values(Resources);
    const types = found.map(({ Type }) => Type);
    expect(types).toContain("AWS::Lambda::Function");
    expect(types.filter((type) => OPENING.test(type))).toEqual([]);
    for (const { Properties = {} } of found) expect(Object.keys(Properties)).not.toContain("ResourcePolicy");
  });

  it("lets nobody invoke a function without a role but its own rule: the audit's clock", () => {
    const permissions = of("AWS::Lambda::Permission").map(([, { Properties }]) => Properties);
    expect(permissions).toEqual([
      {
        Action: "lambda:InvokeFunction",
        FunctionName: { "Fn::GetAtt": [expect.stringMatching(/^OrdersAuditFunction/), "Arn"] },
        Principal: "events.amazonaws.com",
        SourceArn: { "Fn::GetAtt": [expect.stringMatching(/^OrdersAuditSchedule/), "Arn"] },
      },
    ]);
  });

  it("lets nobody send to a queue without a role but rules of its own bus, and nobody over plain HTTP", () => {
    const rules = of("AWS::Events::Rule").map(([id]) => `${id}.Arn`);
    const allowed = statements("AWS::SQS::QueuePolicy").filter(({ Effect }) => Effect === "Allow");
    for (const { Action, Principal, Condition } of allowed) {
      expect({ Action, Principal }).toEqual({
        Action: "sqs:SendMessage",
        Principal: { Service: "events.amazonaws.com" },
      });
      expect(Condition).toEqual({ ArnLike: { "aws:SourceArn": expect.anything() } });
      const sources: unknown = Object(Condition).ArnLike["aws:SourceArn"];
      expect(rules).toEqual(expect.arrayContaining([sources].flat().map(inWords)));
    }
    const refused = statements("AWS::SQS::QueuePolicy").filter(({ Effect }) => Effect === "Deny");
    expect(refused).toHaveLength(of("AWS::SQS::Queue").length);
    for (const statement of refused) expect(statement).toMatchObject(PLAIN_HTTP);
  });

  it("lets nobody into the bucket without a role, nor over plain HTTP, nor with an ACL", () => {
    expect(statements("AWS::S3::BucketPolicy")).toEqual([expect.objectContaining(PLAIN_HTTP)]);
    expect(of("AWS::S3::Bucket").map(([, { Properties }]) => Properties)).toEqual([
      expect.objectContaining({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      }),
    ]);
  });

  it("can be taken on by Lambda, and by this account's schedules, and by nobody else", () => {
    const trusts = of("AWS::IAM::Role").flatMap(
      ([, { Properties }]): PolicyStatement[] => Properties.AssumeRolePolicyDocument.Statement,
    );
    expect(trusts.length).toBeGreaterThan(5);
    for (const { Principal, Condition } of trusts) {
      if (inWords(Principal) === "Service lambda.amazonaws.com") continue;
      expect(inWords(Principal)).toBe("Service scheduler.amazonaws.com");
      expect(Condition).toEqual({
        StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
        ArnEquals: { "aws:SourceArn": expect.anything() },
      });
    }
  });

  it("keeps everything encrypted", () => {
    for (const [, { Properties }] of of("AWS::DynamoDB::GlobalTable"))
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: false });
    for (const [, { Properties }] of of("AWS::SQS::Queue"))
      expect(Properties.SqsManagedSseEnabled).toBe(true);
    for (const [, { Properties }] of of("AWS::S3::Bucket"))
      expect(JSON.stringify(Properties.BucketEncryption)).toContain("AES256");
  });
});

const PLAIN_HTTP = {
  Effect: "Deny",
  Action: expect.stringMatching(/^(sqs|s3):\*$/),
  Principal: { AWS: "*" },
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
