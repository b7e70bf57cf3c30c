/** An app that seals what is stored, with a key that every process knows. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { app, event, type PayloadCodec, type SealedPlace, workflow } from "holdfast";

const KEY = Buffer.alloc(32, 7);
const nameOf = ({ executionId = "" }: SealedPlace): Buffer => Buffer.from(executionId);

export const codec: PayloadCodec = {
  id: "local-1",
  seal(plain, place) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", KEY, nonce).setAAD(nameOf(place));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  },
  open(sealed, place) {
    const decipher = createDecipheriv("aes-256-gcm", KEY, sealed.subarray(0, 12)).setAAD(nameOf(place));
    decipher.setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
  },
};

const Asked = event<{ id: string; secret: string }>("sealed.asked");
export const Answered = event<{ id: string; secret: string }>("sealed.answered", { key: ({ id }) => id });

/** Told of by the relay, started by the bus, and answered by an event: through every function that reads what is stored. */
const asking = workflow("asking", async (ctx, secret: string) => {
  const kept = await ctx.step("keep", () => secret);
  await ctx.sendEvent(Asked, { id: ctx.executionId, secret: kept });
  const { secret: back } = await ctx.waitForEvent(Answered, { key: ctx.executionId });
  await ctx.transaction("tell", async (tx) => {
    tx.signal("told-1", "secret", back);
  });
  return back;
});

const answering = workflow(
  "answering",
  { startOn: Asked },
  async (ctx, asked: { id: string; secret: string }) => {
    await ctx.sendEvent(Answered, { id: asked.id, secret: await ctx.step("answer", () => asked.secret) });
  },
);

const told = workflow("told", async (ctx) => ctx.waitForSignal<string>("secret"));

export default app({ workflows: [asking, answering, told], events: [Answered], codec });
