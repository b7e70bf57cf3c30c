/** The functions in a VPC of the user's. */
import {
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
  type Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { HoldfastConfigError } from "./config-error.js";

/** Where in a network the functions stand. They need none to reach AWS's services. */
export interface NetworkProps {
  /**
   * A VPC that the functions run in, for what your steps reach there. Without a way out of it (a NAT, or the endpoints that docs/deploying.md
   * lists) no call of the functions gets to its service.
   * @default none: the functions reach AWS and the internet, and nothing private
   */
  readonly vpc?: Vpc | IVpc;
  /**
   * With `vpc`: which of its subnets. Two zones or more, so that one may be lost.
   * @default the private ones that lead out
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * With `vpc`: what the functions may be reached from, and may reach.
   * @default one group for all of them, that lets everything out and nothing in
   */
  readonly securityGroups?: readonly ISecurityGroup[];
}

/** Where functions run, with nothing left open. */
export interface Network {
  readonly vpc: IVpc;
  readonly vpcSubnets?: SubnetSelection;
  readonly securityGroups: readonly ISecurityGroup[];
}

/** The network that the props describe; absent without a VPC. */
export function networkOf(
  scope: Construct,
  { vpc, vpcSubnets, securityGroups }: NetworkProps,
): Network | undefined {
  if (vpc === undefined) return undefined;
  if (!isVpc(vpc))
    throw new HoldfastConfigError({
      what: "The prop `vpc` is no VPC.",
      expected: "a Vpc construct, made in the app or found with Vpc.fromLookup(...)",
      found: JSON.stringify(vpc),
      next: 'If it is the id of a VPC: Vpc.fromLookup(this, "Vpc", { vpcId }).',
    });
  return {
    vpc,
    ...(vpcSubnets === undefined ? {} : { vpcSubnets }),
    // Of an empty list, CDK would make a group for each function.
    securityGroups: securityGroups?.length
      ? securityGroups
      : [new SecurityGroup(scope, "SecurityGroup", { vpc, description: "The functions of Holdfast" })],
  };
}

/** `Vpc` is not assignable to its interface in a project with `exactOptionalPropertyTypes`. */
function isVpc(vpc: Vpc | IVpc): vpc is IVpc {
  return typeof vpc === "object" && vpc !== null && "vpcId" in vpc;
}

/** What Lambda itself does under a function's role, to give it a place in the VPC. */
const INTERFACE_ACTIONS = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * The interfaces are Lambda's, and have no names before they are there, so nothing narrower than all of them can be said. What Lambda may do with
 * them is denied to the code that runs in the function: its calls, and only they, carry the function's ARN.
 */
export function networkPermissions(): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ["*"] }),
    new PolicyStatement({
      effect: Effect.DENY,
      actions: INTERFACE_ACTIONS,
      resources: ["*"],
      conditions: { ArnLike: { "lambda:SourceFunctionArn": "arn:*:lambda:*:*:function:*" } },
    }),
  ];
}
