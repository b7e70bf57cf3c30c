/** What `npm run demo` runs on this machine: the stacks of `app.ts` as they are, and somebody else on their bus. */
import { App } from "aws-cdk-lib";
import { AudienceStack } from "./audience-stack.js";
import { addStacks } from "./stacks.js";

const app = new App();
const { runtime } = addStacks(app);
new AudienceStack(app, "HoldfastAudience", { durable: runtime.durable });
app.synth();
