// One attempt to connect: SYN, answer, refusal or silence.
import type { Address, ByteStream } from "../network.ts";
import { formatAddress } from "../network.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { Life } from "./agenda.ts";
import type { Fabric, Machine } from "./fabric.ts";
import { wildcardKey } from "./ip-address.ts";
import { SimulatedStream } from "./stream.ts";

/** How long a kernel looks for a neighbour that does not exist. */
const unreachableMs = 3_000;

interface Settle {
  resolve(stream: ByteStream): void;
  reject(error: RuntimeError): void;
}

/** From SYN to its answer. */
export class Attempt {
  readonly #fabric: Fabric;
  readonly #machine: Machine;
  readonly #life: Life;
  readonly #from: Address;
  readonly #to: Address;
  readonly #settle: Settle;
  readonly #label: string;
  #done = false;

  constructor(fabric: Fabric, machine: Machine, life: Life, from: Address, to: Address, settle: Settle) {
    this.#fabric = fabric;
    this.#machine = machine;
    this.#life = life;
    this.#from = from;
    this.#to = to;
    this.#settle = settle;
    this.#label = `${formatAddress(from)}>${formatAddress(to)}`;
  }

  begin(timeoutMs: number): void {
    const { scheduler } = this.#fabric;
    scheduler.timer(timeoutMs, this.#life, `tcp connect time-out ${this.#label}`, () =>
      this.#fail("timed-out", `no answer within ${timeoutMs} ms`),
    );
    const target = this.#fabric.machineAt(this.#to.host);
    if (target === undefined)
      this.#after(unreachableMs, "unreachable", () =>
        this.#fail("unreachable", "no machine has this address"),
      );
    else this.#synchronize(target, 0);
  }

  #after(ms: number, what: string, run: () => void): void {
    const { scheduler } = this.#fabric;
    scheduler.at(scheduler.now + ms, this.#life, `tcp ${what} ${this.#label}`, null, run);
  }

  #fail(code: "refused" | "timed-out" | "unreachable", detail: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#machine.connections.delete(formatAddress(this.#from));
    this.#settle.reject(new RuntimeError(code, `connect to ${formatAddress(this.#to)}: ${detail}`));
  }

  #synchronize(target: Machine, attempt: number): void {
    if (this.#done) return;
    const { scheduler, links } = this.#fabric;
    const out = links.path(this.#machine.name, target.name);
    const back = links.path(target.name, this.#machine.name);
    const again = () => this.#after(1000 * 2 ** attempt, "SYN", () => this.#synchronize(target, attempt + 1));
    if (out.down || back.down || !target.powered) {
      again();
      return;
    }
    scheduler.at(scheduler.now + out.segmentDelay(), null, `tcp SYN ${this.#label}`, null, () => {
      if (!this.#life.alive || this.#done) return;
      if (!target.powered) again();
      else this.#arrive(target, back.segmentDelay());
    });
  }

  #arrive(target: Machine, delay: number): void {
    const { scheduler } = this.#fabric;
    const life = target.life;
    const accept =
      target.listeners.get(formatAddress(this.#to)) ?? target.listeners.get(wildcardKey(this.#to));
    if (life === null || accept === undefined) {
      this.#after(delay, "refused", () => this.#fail("refused", "nobody listens there"));
      return;
    }
    const [server, client] = SimulatedStream.pair(
      this.#fabric,
      { machine: target, life, address: this.#to },
      { machine: this.#machine, life: this.#life, address: this.#from },
    );
    const connected = scheduler.now + delay;
    server.notBefore(connected);
    scheduler.at(scheduler.now, life, `tcp accept ${this.#label}`, null, () => accept(server));
    scheduler.at(connected, this.#life, `tcp connected ${this.#label}`, null, () => {
      if (this.#done) {
        client.reset();
        return;
      }
      this.#done = true;
      this.#settle.resolve(client);
    });
  }
}
