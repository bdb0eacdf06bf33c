// Local Control Function: moves its UE to another CSCF on command, with the live calls. cfs-ue 4 and 7.
import type { Command } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import { CfsUe } from "./cfs-ue.ts";
import { MoveDriver } from "./move-driver.ts";
import type { MoveState } from "./move-procedure.ts";
import type { UeObserver } from "./observation.ts";
import { type Circumstances, judgeContent, judgeHead } from "./ticket.ts";
import type { UePort } from "./ue-port.ts";

/** What an application may set; all of it has defaults. */
export interface LcfSettings {
  /** URI of the CFS; default `sip:cfs.<home domain>`. */
  readonly cfsUri?: string;
  /** False: registers elsewhere and leaves the dialogs where they are (for contrast). Default true. */
  readonly replaceDialogs?: boolean;
  /** Asked for the subscription, seconds; default 3,500. */
  readonly subscriptionExpires?: number;
}

export interface LcfOptions {
  readonly host: Host;
  readonly port: UePort;
  /** Home network domain. */
  readonly domain: string;
  readonly settings?: LcfSettings;
  /** Sees the state of each move. */
  readonly observer?: UeObserver;
}

export interface Lcf {
  /** Of the move procedure, for people and tests. */
  readonly state: MoveState;
  /** Nothing more is sent. */
  stop(): void;
}

/** The UE's handlers become those of this LCF. */
export function createLcf(options: LcfOptions): Lcf {
  const { host, port, domain, settings = {}, observer = {} } = options;
  /** Highest command sequence seen, over all dialogs. */
  let highest = 0;

  const cfsUe = new CfsUe({
    host,
    port,
    uri: settings.cfsUri ?? `sip:cfs.${domain}`,
    expires: settings.subscriptionExpires ?? 3500,
    command: receive,
    unknownCommand: (head) => {
      if (isOld(head.sequence)) return;
      highest = head.sequence;
      count("not understood");
      move.refuse(head, { reason: "not understood", detail: head.detail });
    },
    isHolding: () => move.isHolding,
  });
  const move = new MoveDriver({
    host,
    port,
    observer,
    now: () => cfsUe.now,
    say: (message) => cfsUe.say(message),
    released: () => cfsUe.released(),
  });

  function count(outcome: string): void {
    host.metrics.counter("lcf_commands_total", { help: "Signed commands.", labels: { outcome } }).add();
  }

  /** A higher one has been seen, or had been given before this LCF asked. */
  function isOld(sequence: number): boolean {
    return sequence <= Math.max(highest, cfsUe.trust?.sequence ?? 0);
  }

  function receive(command: Command): void {
    const { trust } = cfsUe;
    if (trust === null) return;
    const before = move.answerTo(command);
    if (before !== null) {
      count("answered again");
      cfsUe.say(before);
      return;
    }
    const circumstances: Circumstances = {
      registration: port.registration(),
      now: cfsUe.now,
      allowed: trust.allowed,
      operation: move.operation,
      dialogs: port.dialogs(),
    };
    const head = judgeHead(command, circumstances);
    if (head?.reason === "not for this device") {
      count(head.reason);
      move.refuse(command, head);
      return;
    }
    if (isOld(command.sequence)) {
      count("replayed");
      host.log.warn("command ignored", { operation: command.operation, sequence: command.sequence, highest });
      return;
    }
    highest = command.sequence;
    const refusal = head ?? judgeContent(command, circumstances);
    count(refusal?.reason ?? command.command);
    if (refusal !== null) move.refuse(command, refusal);
    else move.obey(command);
  }

  port.handlers = {
    registered: (registration) => cfsUe.registered(registration),
    unregistered: () => {
      move.unregistered();
      cfsUe.unregistered();
    },
    dialog: (report) => move.dialog(report),
    emergency: () => move.emergency(),
  };

  return {
    get state() {
      return move.state;
    },
    stop() {
      move.stop();
      cfsUe.stop();
    },
  };
}
