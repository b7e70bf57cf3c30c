/** What becomes of a client's schedules with each call: `client.schedules` is looked at again when the call was answered. */
import { type DurableClient, ScheduleNotFoundError, type ScheduleState } from "holdfast";

export interface SeenSchedule {
  /** The method: `put`, `pause`. */
  readonly call: string;
  /** As it is afterwards; `null` when there is none. */
  readonly schedule: ScheduleState | null;
}

/** The client, with what each call of its schedules has left noted. */
export function watchedSchedules(client: DurableClient, seen: SeenSchedule[]): DurableClient {
  const schedules = new Proxy(client.schedules, {
    get: (target, call: string) => {
      const method: unknown = Reflect.get(target, call);
      if (typeof method !== "function") return method;
      return async (given: string | { readonly id: string }): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(method, target, [given]);
        const id = typeof given === "string" ? given : given.id;
        seen.push({ call, schedule: await scheduleOf(client, id) });
        return answer;
      };
    },
  });
  return new Proxy(client, {
    get: (target, key) => (key === "schedules" ? schedules : bound(target, Reflect.get(target, key))),
  });
}

/** Its private fields are its own, and no proxy's. */
function bound(target: object, member: unknown): unknown {
  return typeof member === "function" ? member.bind(target) : member;
}

async function scheduleOf(client: DurableClient, id: string): Promise<ScheduleState | null> {
  try {
    return await client.schedules.get(id);
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
