// What is going to happen, smallest (time, sequence) first. Timers of one duration expire in the order in which
// they were started, so each duration has a list of its own and only its head lies in the heap.
import type { EventContents } from "./trace.ts";

/** Whose event it is: a life, or a machine (whoever lives on it when the time comes). */
export interface Owner {
  /** Null when nobody is there any more: the event is skipped. */
  current(): Life | null;
}

/** One life of a host, as far as events are concerned. */
export interface Life extends Owner {
  /** `name#incarnation`. */
  readonly identity: string;
  readonly alive: boolean;
  /** Virtual ms before which its events are held. */
  readonly frozenUntil: number;
  hold(event: ScheduledEvent): void;
  /** A fault of the program; the life ends. */
  crash(error: unknown, label: string): void;
}

interface TimerList {
  readonly duration: number;
  readonly events: ScheduledEvent[];
  head: number;
}

export class ScheduledEvent {
  time: number;
  sequence: number;
  readonly owner: Owner | null;
  readonly label: string;
  readonly contents: EventContents;
  /** Null when it was cancelled or has run. */
  run: (() => void) | null;
  list: TimerList | null = null;

  constructor(
    time: number,
    sequence: number,
    owner: Owner | null,
    label: string,
    contents: EventContents,
    run: () => void,
  ) {
    this.time = time;
    this.sequence = sequence;
    this.owner = owner;
    this.label = label;
    this.contents = contents;
    this.run = run;
  }
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

export class Agenda {
  readonly #heap: ScheduledEvent[] = [];
  readonly #lists = new Map<number, TimerList>();
  #sequence = 0;

  add(
    time: number,
    owner: Owner | null,
    label: string,
    contents: EventContents,
    run: () => void,
  ): ScheduledEvent {
    const event = new ScheduledEvent(time, this.#sequence++, owner, label, contents, run);
    this.#push(event);
    return event;
  }

  addTimer(
    now: number,
    duration: number,
    owner: Owner | null,
    label: string,
    run: () => void,
  ): ScheduledEvent {
    const event = new ScheduledEvent(now + duration, this.#sequence++, owner, label, null, run);
    const list = this.#lists.get(duration);
    if (list === undefined) {
      event.list = { duration, events: [event], head: 0 };
      this.#lists.set(duration, event.list);
      this.#push(event);
    } else {
      event.list = list;
      list.events.push(event);
    }
    return event;
  }

  /** Puts an event that was held back in again, behind everything of the same time. */
  again(event: ScheduledEvent, time: number): void {
    if (event.run === null) return;
    event.time = time;
    event.sequence = this.#sequence++;
    this.#push(event);
  }

  /** Time of the next event that was not cancelled. */
  nextTime(): number | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (first.run !== null) return first.time;
      this.#take();
    }
  }

  take(): ScheduledEvent | undefined {
    for (;;) {
      const event = this.#take();
      if (event === undefined || event.run !== null) return event;
    }
  }

  #take(): ScheduledEvent | undefined {
    const first = this.#heap[0];
    if (first === undefined) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    if (first.list !== null) {
      this.#advance(first.list);
      first.list = null;
    }
    return first;
  }

  #advance(list: TimerList): void {
    const { events } = list;
    list.head += 1;
    while (list.head < events.length && events[list.head]?.run === null) list.head += 1;
    const next = events[list.head];
    if (next === undefined) {
      this.#lists.delete(list.duration);
      return;
    }
    if (list.head > 1024 && list.head * 2 > events.length) {
      events.splice(0, list.head);
      list.head = 0;
    }
    this.#push(next);
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as ScheduledEvent;
      if (!before(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  /** Puts the event at the root and lets it sink. */
  #sink(event: ScheduledEvent): void {
    const heap = this.#heap;
    const { length } = heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && before(heap[right] as ScheduledEvent, heap[child] as ScheduledEvent))
        child = right;
      const smaller = heap[child] as ScheduledEvent;
      if (!before(smaller, event)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = event;
  }
}
