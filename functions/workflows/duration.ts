import { z } from "zod";

/** A duration inside of a payload, as Holdfast takes it: "90s", "3d". */
export const duration = z.templateLiteral([z.number(), z.enum(["ms", "s", "m", "h", "d", "w"])]);
