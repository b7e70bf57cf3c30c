/**
 * Free TCP ports on loopback. A port is picked by letting the kernel choose one, because a fixed
 * port collides as soon as two checkouts, or two test runs, work side by side.
 */
import { createServer } from "node:net";

/** The only address that anything of ours listens on. */
export const LOOPBACK = "127.0.0.1";

/** Picks a port that was free a moment ago; whoever binds it must still be ready to fail. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, LOOPBACK, () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : undefined;
      probe.close(() =>
        port === undefined ? reject(new Error("The kernel gave no free port on 127.0.0.1.")) : resolve(port),
      );
    });
  });
