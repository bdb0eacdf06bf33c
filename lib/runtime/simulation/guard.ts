// The guard: finds what would make a run unrepeatable. Programs on simulated hosts may not read the machine's
// clock, start its timers or wait for its threads; tests and the lab's tools around them may.
import { AsyncLocalStorage, createHook } from "node:async_hooks";

/** Whose code is running. */
export interface GuardedContext {
  /** The simulation; complaints are kept apart by it. */
  readonly owner: object;
  readonly host: string;
  readonly label: string;
}

/** What a program on a simulated host did and may not do. */
export class GuardError extends Error {
  override readonly name = "GuardError";
}

const allowedResources: ReadonlySet<string> = new Set(["TickObject", "Immediate", "Microtask", "PROMISE"]);

interface State {
  readonly context: AsyncLocalStorage<GuardedContext | null>;
  readonly complaints: WeakMap<object, GuardError>;
  readonly restore: () => void;
}

// Globals belong to the process, so does the guard over them: the only state of a module in this folder.
let state: State | null = null;
let users = 0;

function complain(what: string): GuardError | null {
  const current = state?.context.getStore();
  if (state === null || current === undefined || current === null) return null;
  const error = new GuardError(
    `${current.host}, "${current.label}": ${what} is not repeatable: use the ports of the host`,
  );
  if (!state.complaints.has(current.owner)) state.complaints.set(current.owner, error);
  return error;
}

function refuse(what: string): void {
  const error = complain(what);
  if (error !== null) throw error;
}

type Restore = () => void;

/** Replaces a function that is found by name at run time, so one that checks first. */
function guardFunction(holder: object, name: string, what: string): Restore {
  const original: unknown = Reflect.get(holder, name);
  if (typeof original !== "function") return () => undefined;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const guarded = new Proxy(original, {
    apply(target, self: unknown, parameters: unknown[]) {
      refuse(what);
      return Reflect.apply(target, self, parameters);
    },
  });
  Object.defineProperty(holder, name, {
    value: guarded,
    configurable: true,
    writable: true,
    enumerable: true,
  });
  return () => {
    if (own === undefined) Reflect.deleteProperty(holder, name);
    else Object.defineProperty(holder, name, own);
  };
}

function guardDate(): Restore {
  const original = globalThis.Date;
  const restoreNow = guardFunction(original, "now", "Date.now");
  globalThis.Date = new Proxy(original, {
    construct(target, parameters: unknown[], newTarget) {
      if (parameters.length === 0) refuse("new Date()");
      return Reflect.construct(target, parameters, newTarget);
    },
    apply(target, self: unknown, parameters: unknown[]) {
      refuse("Date()");
      return Reflect.apply(target, self, parameters);
    },
  });
  return () => {
    globalThis.Date = original;
    restoreNow();
  };
}

function install(): State {
  const context = new AsyncLocalStorage<GuardedContext | null>();
  const restores = [
    guardDate(),
    guardFunction(Math, "random", "Math.random"),
    guardFunction(performance, "now", "performance.now"),
    guardFunction(process, "hrtime", "process.hrtime"),
    guardFunction(crypto, "getRandomValues", "crypto.getRandomValues"),
    guardFunction(crypto, "randomUUID", "crypto.randomUUID"),
    ...["setTimeout", "setInterval", "setImmediate", "fetch"].map((name) =>
      guardFunction(globalThis, name, name),
    ),
  ];
  // Here an exception would end the process: the complaint is kept, and the simulation's `run` rejects with it.
  const hook = createHook({
    init(_id, type) {
      if (!allowedResources.has(type)) complain(`asynchronous resource ${type}`);
    },
  });
  hook.enable();
  return {
    context,
    complaints: new WeakMap(),
    restore() {
      hook.disable();
      for (const restore of restores.reverse()) restore();
    },
  };
}

/** Watches the programs of every simulation of this process until `release`; may be installed several times. */
export function installGuard(): { release(): void } {
  state ??= install();
  users += 1;
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      users -= 1;
      if (users > 0) return;
      state?.restore();
      state = null;
    },
  };
}

/** Runs a piece of a program under the guard, when one is installed. */
export function guarded<T>(context: GuardedContext, run: () => T): T {
  return state === null ? run() : state.context.run(context, run);
}

/** Runs a piece of the simulation's own that needs what programs may not use. */
export function unguarded<T>(run: () => T): T {
  return state === null ? run() : state.context.run(null, run);
}

/** The first complaint about a program of that simulation. */
export function takeComplaint(owner: object): GuardError | null {
  const complaint = state?.complaints.get(owner) ?? null;
  if (complaint !== null) state?.complaints.delete(owner);
  return complaint;
}
