/** The workflow as Vercel's build takes it: a file with directives, which is copied into the installation. */

async function add(before: number, step: number): Promise<number> {
  "use step";
  return before + step;
}

export async function order({ n, steps }: { n: number; steps: number }): Promise<number[]> {
  "use workflow";
  const values: number[] = [];
  for (let step = 1; step <= steps; step++) values.push(await add(values.at(-1) ?? n, step));
  return values;
}
