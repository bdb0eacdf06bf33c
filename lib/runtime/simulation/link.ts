// Links between machines: how long a packet takes and what happens to it, by seed.
import type { Random } from "../random.ts";

/** One direction of a link. */
export interface LinkShape {
  /** Milliseconds at the least. */
  readonly delayMs: number;
  /** Up to so many ms more, uniformly; default 0. Packets stay in order. */
  readonly jitterMs?: number;
  /** Share of datagrams that vanish, 0 to 1; default 0. */
  readonly loss?: number;
  /** Share of datagrams that are overtaken by later ones; default 0. */
  readonly reorder?: number;
  /** Share of datagrams that arrive twice; default 0. */
  readonly duplicate?: number;
  /** Nothing passes: datagrams vanish, streams stand still; default false. */
  readonly down?: boolean;
}

/** What a link is where nothing was said: 0.5 to 1 ms, no faults. */
export const defaultLink: LinkShape = { delayMs: 0.5, jitterMs: 0.5 };

function check(name: string, value: number | undefined, most: number): void {
  if (value !== undefined && !(value >= 0 && value <= most))
    throw new RangeError(`link ${name} ${value}: give a number from 0 to ${most}`);
}

/** One direction between two machines, with its own randomness. */
export class Path {
  readonly #links: Links;
  readonly #from: string;
  readonly #to: string;
  readonly #datagrams: Random;
  /** For streams: where they are cut. */
  readonly random: Random;
  /** Arrival of the last datagram that was not overtaken. */
  #last = 0;

  constructor(links: Links, from: string, to: string, random: Random) {
    this.#links = links;
    this.#from = from;
    this.#to = to;
    this.#datagrams = random.fork(`link ${from}>${to}`);
    this.random = random.fork(`stream ${from}>${to}`);
  }

  get down(): boolean {
    return this.#links.isDown(this.#from, this.#to);
  }

  /** Milliseconds that the next segment of a stream takes. */
  segmentDelay(): number {
    const shape = this.#links.shapeOf(this.#from, this.#to);
    return shape.delayMs + (shape.jitterMs ?? 0) * this.random.float();
  }

  /** Virtual times at which a datagram sent now arrives: none when it is lost, two when it is duplicated. */
  datagramArrivals(now: number): number[] {
    const shape = this.#links.shapeOf(this.#from, this.#to);
    const random = this.#datagrams;
    if (this.down) return [];
    if (shape.loss && random.float() < shape.loss) return [];
    const delay = () => shape.delayMs + (shape.jitterMs ?? 0) * random.float();
    let arrival = Math.max(this.#last, now + delay());
    if (shape.reorder && random.float() < shape.reorder) arrival += (1 + 3 * random.float()) * (delay() + 1);
    else this.#last = arrival;
    if (shape.duplicate && random.float() < shape.duplicate) return [arrival, arrival + delay()];
    return [arrival];
  }
}

/** All links of a simulation. Hosts by name, `*` for any. */
export class Links {
  readonly #random: Random;
  readonly #shapes = new Map<string, LinkShape>();
  readonly #paths = new Map<string, Path>();
  readonly #partitions: { readonly a: ReadonlySet<string>; readonly b: ReadonlySet<string> }[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(random: Random) {
    this.#random = random;
  }

  set(from: string, to: string, shape: LinkShape): void {
    check("delayMs", shape.delayMs, Number.MAX_SAFE_INTEGER);
    check("jitterMs", shape.jitterMs, Number.MAX_SAFE_INTEGER);
    check("loss", shape.loss, 1);
    check("reorder", shape.reorder, 1);
    check("duplicate", shape.duplicate, 1);
    this.#shapes.set(`${from}>${to}`, shape);
    this.#changed();
  }

  partition(a: readonly string[], b: readonly string[]): void {
    this.#partitions.push({ a: new Set(a), b: new Set(b) });
  }

  /** Ends every partition; links that are `down` stay so. */
  heal(): void {
    this.#partitions.length = 0;
    this.#changed();
  }

  /** Called once, at the next change of any link. */
  onChange(listener: () => void): void {
    this.#waiting.add(listener);
  }

  #changed(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) listener();
  }

  path(from: string, to: string): Path {
    const key = `${from}>${to}`;
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path = new Path(this, from, to, this.#random);
    this.#paths.set(key, path);
    return path;
  }

  /** The most particular shape that was given. */
  shapeOf(from: string, to: string): LinkShape {
    const shapes = this.#shapes;
    return (
      shapes.get(`${from}>${to}`) ??
      shapes.get(`${from}>*`) ??
      shapes.get(`*>${to}`) ??
      shapes.get("*>*") ??
      defaultLink
    );
  }

  isDown(from: string, to: string): boolean {
    if (this.shapeOf(from, to).down === true) return true;
    return this.#partitions.some(({ a, b }) => (a.has(from) && b.has(to)) || (b.has(from) && a.has(to)));
  }
}
