// A simulated TCP stream: in order, cut and joined at seeded places, with a bounded window. The end, a reset and
// silence are three things.
import type { Address, ByteStream, StreamHandlers } from "../network.ts";
import { formatAddress } from "../network.ts";
import { concatBytes } from "../text.ts";
import type { Life, ScheduledEvent } from "./agenda.ts";
import type { Fabric, Machine } from "./fabric.ts";
import type { Path } from "./link.ts";

/** Bytes under way or unread at the peer. */
const windowBytes = 65_536;
/** `write` answers false when more than this is waiting. */
const highWaterBytes = 16_384;
const joinShare = 0.3;
const cutShare = 0.25;
/** Linux gives up after so long without an acknowledgement (tcp_retries2 = 15). */
const retransmissionLimitMs = 924_600;
/** An idle connection is probed from 30 s on, ten times a second apart, as the real host asks for. */
const keepAliveMs = 40_000;

type Ending = "reset" | "timed-out" | null;
type Segment = Uint8Array | "end";

export interface StreamEnd {
  readonly machine: Machine;
  readonly life: Life;
  readonly address: Address;
}

export class SimulatedStream implements ByteStream {
  readonly local: Address;
  readonly remote: Address;
  readonly #fabric: Fabric;
  readonly #machine: Machine;
  readonly #life: Life;
  readonly #out: Path;
  readonly #label: string;
  #peer: SimulatedStream | null = null;
  #handlers: StreamHandlers | null = null;
  /** What arrived before `open`. */
  #arrived: (() => void)[] = [];
  #waiting: Uint8Array[] = [];
  #buffered = 0;
  #underWay = 0;
  /** `end` was called, or the peer has ended. */
  #ended = false;
  #endSent = false;
  /** Nothing is delivered any more. */
  #closed = false;
  /** Dropped by this side. */
  #gone = false;
  #lastArrival = 0;
  #last: { readonly event: ScheduledEvent; readonly data: Uint8Array } | null = null;
  #stalled: Segment[] = [];
  #stalledSince = 0;
  #probing = false;
  #windowUpdate = false;

  /** The two ends of a new connection; the second is the one that asked for it. */
  static pair(fabric: Fabric, server: StreamEnd, client: StreamEnd): [SimulatedStream, SimulatedStream] {
    const first = new SimulatedStream(fabric, server, client);
    const second = new SimulatedStream(fabric, client, server);
    first.#peer = second;
    second.#peer = first;
    return [first, second];
  }

  constructor(fabric: Fabric, own: StreamEnd, other: StreamEnd) {
    this.#fabric = fabric;
    this.local = own.address;
    this.remote = other.address;
    this.#machine = own.machine;
    this.#life = own.life;
    this.#out = fabric.links.path(own.machine.name, other.machine.name);
    this.#label = `${formatAddress(own.address)}>${formatAddress(other.address)}`;
    own.machine.streams.add(this);
  }

  get buffered(): number {
    return this.#buffered;
  }

  /** Nothing that this side sends arrives before that time. */
  notBefore(time: number): void {
    this.#lastArrival = Math.max(this.#lastArrival, time);
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null) throw new Error(`stream ${this.#label}: open was called twice`);
    this.#handlers = handlers;
    const arrived = this.#arrived;
    this.#arrived = [];
    const { scheduler } = this.#fabric;
    for (const deliver of arrived) scheduler.at(scheduler.now, this.#life, "tcp open", this.#label, deliver);
  }

  write(data: Uint8Array): boolean {
    if (this.#ended || this.#closed || this.#gone || !this.#life.alive) return false;
    if (data.length > 0) {
      this.#waiting.push(new Uint8Array(data));
      this.#buffered += data.length;
      this.#pump();
    }
    return this.#buffered <= highWaterBytes;
  }

  end(): void {
    if (this.#ended || this.#gone || !this.#life.alive) return;
    this.#ended = true;
    this.#pump();
  }

  reset(): void {
    if (this.#gone || !this.#life.alive) return;
    this.#drop();
    this.#sendReset();
  }

  /** The process is gone: its kernel sends a reset, unless the power is gone as well. */
  lose(power: boolean): void {
    this.#drop();
    if (!power) this.#sendReset();
    else if (this.#peer !== null) this.#peer.#afterSilence();
  }

  #drop(): void {
    this.#gone = true;
    this.#closed = true;
    this.#waiting = [];
    this.#buffered = 0;
    this.#stalled = [];
    this.#arrived = [];
    this.#release();
  }

  /** The kernel forgets the connection. */
  #release(): void {
    this.#machine.streams.delete(this);
    this.#machine.connections.delete(formatAddress(this.local));
  }

  #pump(): void {
    for (;;) {
      const room = windowBytes - this.#underWay;
      const first = this.#waiting[0];
      if (first === undefined || room <= 0) break;
      if (first.length <= room) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(room);
      const data = first.length <= room ? first : first.subarray(0, room);
      this.#buffered -= data.length;
      this.#underWay += data.length;
      this.#send(data);
    }
    if (this.#ended && !this.#endSent && this.#waiting.length === 0) {
      this.#endSent = true;
      this.#send("end");
    }
    if (this.#endSent && this.#closed) this.#release();
  }

  #send(segment: Segment): void {
    const peer = this.#peer;
    if (peer === null || peer.#gone) this.#probe(0, this.#fabric.scheduler.now);
    else if (this.#out.down || this.#stalled.length > 0) this.#stall(segment);
    else if (segment === "end")
      this.#schedule(peer, "end", null, () => peer.#deliver(() => peer.#finish(null)));
    else this.#sendData(peer, segment);
  }

  #sendData(peer: SimulatedStream, segment: Uint8Array): void {
    const { random } = this.#out;
    let data = segment;
    const last = this.#last;
    if (
      last !== null &&
      last.event.run !== null &&
      last.data.length < windowBytes / 2 &&
      random.float() < joinShare
    ) {
      last.event.run = null;
      data = concatBytes([last.data, data]);
    }
    while (data.length > 1 && random.float() < cutShare) {
      const short = random.float() < 0.5;
      const at = 1 + random.int(short ? Math.min(8, data.length - 1) : data.length - 1);
      this.#scheduleData(peer, data.subarray(0, at));
      data = data.subarray(at);
    }
    this.#scheduleData(peer, data);
  }

  #scheduleData(peer: SimulatedStream, data: Uint8Array): void {
    const event = this.#schedule(peer, "data", data, () => {
      this.#underWay -= data.length;
      this.#openWindow();
      peer.#deliver(() => peer.#handlers?.data(data));
    });
    this.#last = { event, data };
  }

  #schedule(peer: SimulatedStream, what: string, data: Uint8Array | null, run: () => void): ScheduledEvent {
    const { scheduler } = this.#fabric;
    this.#lastArrival = Math.max(this.#lastArrival, scheduler.now + this.#out.segmentDelay());
    return scheduler.at(this.#lastArrival, peer.#life, `tcp ${what} ${this.#label}`, data, run);
  }

  /** The peer has read: what waits may follow, as soon as this side hears of it. */
  #openWindow(): void {
    if (this.#windowUpdate || (this.#buffered === 0 && !this.#ended)) return;
    if (this.#endSent) return;
    this.#windowUpdate = true;
    const { scheduler } = this.#fabric;
    const delay = this.#peer === null ? 0 : this.#peer.#out.segmentDelay();
    scheduler.at(scheduler.now + delay, this.#life, "tcp window", this.#label, () => {
      this.#windowUpdate = false;
      if (!this.#gone) this.#pump();
    });
  }

  #deliver(action: () => void): void {
    if (this.#closed) return;
    if (this.#handlers === null) this.#arrived.push(() => this.#deliver(action));
    else action();
  }

  #finish(error: Ending): void {
    if (this.#closed) return;
    this.#closed = true;
    if (error === null) {
      // As Node's sockets do: what waits is still sent, then this side ends as well.
      this.#ended = true;
      this.#pump();
    } else this.#drop();
    this.#handlers?.closed(error);
  }

  #sendReset(): void {
    const peer = this.#peer;
    if (peer === null || peer.#gone || this.#out.down) return;
    this.#schedule(peer, "reset", null, () => peer.#deliver(() => peer.#finish("reset")));
  }

  #closeLater(error: Ending, ms: number): void {
    const { scheduler } = this.#fabric;
    scheduler.at(scheduler.now + ms, this.#life, `tcp ${error} ${this.#label}`, null, () =>
      this.#deliver(() => this.#finish(error)),
    );
  }

  /** The link is down: the kernel sends again until it is up. */
  #stall(segment: Segment): void {
    const { scheduler, links } = this.#fabric;
    this.#stalled.push(segment);
    if (this.#stalled.length > 1) return;
    const since = scheduler.now;
    this.#stalledSince = since;
    const again = () => {
      if (this.#gone || this.#stalledSince !== since) return;
      if (this.#out.down) {
        links.onChange(again);
        return;
      }
      const delay = 200 * this.#out.random.float();
      scheduler.at(scheduler.now + delay, this.#life, "tcp retransmission", this.#label, () => {
        if (this.#out.down) links.onChange(again);
        else this.#flushStalled();
      });
    };
    links.onChange(again);
    scheduler.timer(retransmissionLimitMs, this.#life, `tcp give up ${this.#label}`, () => {
      if (this.#stalled.length > 0 && this.#stalledSince === since)
        this.#deliver(() => this.#finish("timed-out"));
    });
  }

  #flushStalled(): void {
    const segments = this.#stalled;
    this.#stalled = [];
    this.#stalledSince = -1;
    for (const segment of segments) this.#send(segment);
  }

  /** Something was sent to an end that exists no more: its machine answers with a reset when it can. */
  #probe(attempt: number, since: number): void {
    if (attempt === 0 && this.#probing) return;
    this.#probing = true;
    const { scheduler } = this.#fabric;
    const peer = this.#peer;
    if (this.#gone || peer === null) return;
    if (peer.#machine.powered && !this.#out.down && !peer.#out.down) {
      this.#closeLater("reset", this.#out.segmentDelay() + peer.#out.segmentDelay());
      return;
    }
    if (scheduler.now - since >= retransmissionLimitMs) {
      this.#closeLater("timed-out", 0);
      return;
    }
    const backoff = Math.min(120_000, 200 * 2 ** attempt);
    scheduler.at(scheduler.now + backoff, this.#life, "tcp retransmission", this.#label, () =>
      this.#probe(attempt + 1, since),
    );
  }

  /** The peer's machine has lost its power; an idle connection notices by keep-alive. */
  #afterSilence(): void {
    if (this.#gone || this.#closed) return;
    this.#fabric.scheduler.timer(keepAliveMs, this.#life, `tcp keep-alive ${this.#label}`, () => {
      const peer = this.#peer;
      if (this.#probing || peer === null) return;
      const restarted = peer.#machine.powered && !this.#out.down;
      this.#deliver(() => this.#finish(restarted ? "reset" : "timed-out"));
    });
  }
}
