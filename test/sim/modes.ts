/** In which ways random programs are disturbed. */
import type { Mode } from "./mode.js";

export const modes: readonly Mode[] = [
  { name: "nothing happens to it", seeds: 120, crashes: 0 },
  { name: "its store is slow", seeds: 90, crashes: 0, slow: true },
  { name: "three crashes", seeds: 150, crashes: 3 },
  { name: "it is cancelled, under two crashes", seeds: 150, crashes: 2, cancels: true },
  {
    name: "it is cancelled, under three crashes, and its store is slow",
    seeds: 90,
    crashes: 3,
    cancels: true,
    slow: true,
  },
  {
    name: "its worker has little time, under a crash and a cancel",
    seeds: 60,
    crashes: 1,
    cancels: true,
    workerTimeoutMs: 3_000,
  },
  { name: "it is paused and resumed, under a crash", seeds: 90, crashes: 1, pauses: true },
  { name: "it is terminated, under a crash", seeds: 36, crashes: 1, terminates: true },
  { name: "it is redriven after it failed, under two crashes", seeds: 90, crashes: 2, redrives: true },
  {
    name: "the relay is off, wakes come twice, and all processes are killed",
    seeds: 72,
    crashes: 1,
    unreliable: true,
    killed: true,
  },
  {
    name: "everything happens to it at once",
    seeds: 72,
    crashes: 3,
    slow: true,
    cancels: true,
    pauses: true,
    unreliable: true,
    killed: true,
    redrives: true,
  },
];

/** Programs whose end is the same at whatever time things happen. */
export const deterministicModes: readonly Mode[] = [
  { name: "three crashes", seeds: 72, crashes: 3, deterministic: true },
  { name: "three crashes, and its store is slow", seeds: 48, crashes: 3, slow: true, deterministic: true },
  {
    name: "an unreliable surrounding",
    seeds: 36,
    crashes: 2,
    deterministic: true,
    pauses: true,
    unreliable: true,
    killed: true,
  },
];
