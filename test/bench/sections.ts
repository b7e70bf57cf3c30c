import { bundleSizes } from "./bundle/section.js";
import { coldStart } from "./cold-start/section.js";
import { growth } from "./growth/section.js";
import { idle } from "./ledger/idle.js";
import { ledger } from "./ledger/section.js";
import { stepOverhead } from "./overhead/section.js";
import { replay } from "./replay/section.js";
import type { Section } from "./section.js";
import { throughput } from "./throughput/section.js";

/** In the order of the page. */
// biome-ignore lint/suspicious/noExplicitAny: Each section knows its own figures.
export const SECTIONS: readonly Section<any>[] = [
  ledger,
  idle,
  stepOverhead,
  replay,
  coldStart,
  bundleSizes,
  throughput,
  growth,
];
