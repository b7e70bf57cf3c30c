/** What the cloud tells whoever started it; nothing of ours writes to the terminal by itself. */

export interface LogLine {
  readonly functionName: string;
  readonly logicalId: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Something that whoever runs the cloud should know. */
export interface Notice {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

export type Notify = (level: Notice["level"], text: string) => void;
