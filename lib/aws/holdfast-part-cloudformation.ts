/** Of CloudFormation's client, what this folder's neighbours use. A part (`lib/cdk/parts.ts`). */
export { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
