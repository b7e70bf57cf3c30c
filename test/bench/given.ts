/** What a script was given that runs in a process of its own. */
export const given = <T>(): T => JSON.parse(process.argv[2] ?? "null") as T;
