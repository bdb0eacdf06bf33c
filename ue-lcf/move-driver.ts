// Runs the table of a move: commands that were found in order, the UE's registrations and dialogs, timers. cfs-ue 7, 8.
// Long because every action of the table has its few lines here, and they share the operation and its timers.
import type {
  Answer,
  Cancel,
  Command,
  DialogDescription,
  DialogReport,
  Move,
  RegistrationTrouble,
  Report,
} from "@liquid-ims/reference-points/cfs-ue";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import {
  type CommandName,
  leftBehind,
  namesServer,
  type Operation,
  resultsOf,
  sameTarget,
  unreported,
} from "./move-operation.ts";
import { type MoveAction, type MoveEvent, type MoveState, moveTable, stepMove } from "./move-procedure.ts";
import type { UeObserver } from "./observation.ts";
import type { Refusal } from "./ticket.ts";
import type { RegisterResult, UePort } from "./ue-port.ts";

/** An answer or report that is to be said until the CFS has it. */
export type Message = Answer | Report;

export interface MoveDriverOptions {
  readonly host: Host;
  readonly port: UePort;
  readonly observer: UeObserver;
  /** The CFS's clock now. */
  now(): number;
  say(message: Message): void;
  /** What was held back may leave. */
  released(): void;
}

/** Between a 200 that still names the old S-CSCF and the next try, and for the last results, ms (cfs-ue 8 step 4). */
const shortRest = 500;
/** How often dialogs that await a result are looked at, ms: one that is gone twice has ended unreported. */
const lookPause = 1000;

type Answered = Exclude<Command, { readonly command: "query" }>;

export class MoveDriver {
  readonly #host: Host;
  readonly #options: MoveDriverOptions;
  #state: MoveState = "Idle";
  /** The one that the present actions lead out of. */
  #from: MoveState = "Idle";
  #operation: Operation | null = null;
  #rest: Timer | null = null;
  #deadline: Timer | null = null;
  #look: Timer | null = null;
  #registrations = 0;
  #isRegistering = false;
  #isHolding = false;
  #result: RegisterResult | null = null;
  #command: Answered | null = null;
  /** First answer to each command, for its repetitions. */
  readonly #answers = new Map<string, Answer>();
  #given = 0;

  constructor(options: MoveDriverOptions) {
    this.#options = options;
    this.#host = options.host;
  }

  get state(): MoveState {
    return this.#state;
  }

  get operation(): string | null {
    return this.#operation?.id ?? null;
  }

  /** The answer that this command has had; null: it is new. */
  answerTo(command: CommandName): Answer | null {
    return this.#answers.get(keyOf(command)) ?? null;
  }

  /** New requests outside dialogs wait for an S move's 200. */
  get isHolding(): boolean {
    return this.#isHolding;
  }

  refuse(command: CommandName, refusal: Refusal): void {
    const dialogs = aboutDialogs.has(refusal.reason) ? this.#options.port.dialogs() : [];
    this.#answer(command, { ...this.#head(command), answer: "refused", ...refusal, dialogs });
    this.#observe(command.operation, `refused: ${refusal.detail}`, refusal.reason);
  }

  /** A command that nothing speaks against. */
  obey(command: Command): void {
    switch (command.command) {
      case "query": {
        const dialogs = this.#options.port.dialogs();
        this.#answer(command, { ...this.#head(command), answer: "accepted", armed: false, dialogs });
        return;
      }
      case "move":
        this.#commanded(command, this.#moveEvent(command));
        return;
      case "replace":
        this.#commanded(command, "replace");
        return;
      case "cancel":
        this.#commanded(command, this.#cancelEvent(command));
    }
  }

  /** Something has become of a dialog. */
  dialog(report: DialogReport): void {
    const operation = this.#operation;
    // "waiting" is no result.
    if (operation === null || report.result === "waiting") return;
    operation.results.set(report.id, report);
    this.#tellIfDone();
  }

  emergency(): void {
    this.#run("emergency");
  }

  unregistered(): void {
    this.#run("unregistered");
  }

  stop(): void {
    this.#rest?.cancel();
    this.#deadline?.cancel();
    this.#look?.cancel();
  }

  #commanded(command: Answered, event: MoveEvent): void {
    this.#command = command;
    if (moveTable[this.#state][event] !== null) this.#run(event);
    else {
      const detail = `${command.operation} is ${this.#state}: nothing can be changed any more`;
      this.refuse(command, { reason: "no such operation", detail });
    }
    this.#command = null;
  }

  #moveEvent(move: Move): MoveEvent {
    const known = this.#operation?.move ?? null;
    const armed = move.after > 0;
    if (this.#operation?.id !== move.operation) return armed ? "move armed" : "move";
    const isUnderWay = this.#state !== "Armed" && this.#state !== "Returning";
    if (isUnderWay && "pCscf" in move.target && known !== null && sameTarget(known, move))
      return move.replace === "now" ? "replace" : "amend only";
    return armed ? "amend armed" : "amend now";
  }

  #cancelEvent(cancel: Cancel): MoveEvent {
    return cancel.reRegister ? "cancel, re-register" : "cancel";
  }

  #run(event: MoveEvent): void {
    const { next, actions } = stepMove(this.#state, event);
    const changed = next !== this.#state;
    const operation = this.#operation?.id ?? this.#command?.operation ?? "";
    this.#from = this.#state;
    this.#state = next;
    for (const action of actions) this.#act(action);
    if (changed) this.#observe(operation, next, event);
    this.#tellIfDone();
  }

  #act(action: MoveAction): void {
    const { port } = this.#options;
    switch (action) {
      case "open":
        this.#open();
        break;
      case "amend":
        this.#amend();
        break;
      case "answer accepted":
        this.#accept();
        break;
      case "answer cancelled":
        this.#cancelled();
        break;
      case "hold":
        this.#hold(this.#isSMove());
        break;
      case "release":
        this.#hold(false);
        break;
      case "start rest":
        this.#startRest(this.#operation?.move?.after ?? 0);
        break;
      case "start rest of 500 ms":
        this.#startRest(shortRest);
        break;
      case "stop rest":
        this.#rest?.cancel();
        break;
      case "register":
        this.#register(this.#target());
        break;
      case "re-register":
        this.#register(null);
        break;
      case "register again":
      case "re-register again":
        if (this.#operation !== null) this.#operation.isAgainDue = true;
        break;
      case "tell registered":
        this.#tellRegistered();
        break;
      case "tell failed":
        this.#tellFailed(this.#result?.outcome === "failed" ? this.#result.detail : "");
        break;
      case "tell deadline":
        this.#tellFailed("the deadline came first");
        break;
      case "tell emergency":
        this.#tellFailed("an emergency call was placed");
        break;
      case "tell unregistered":
        this.#tellFailed("the registration was taken away");
        break;
      case "replace":
        port.replace("now", this.#command?.command === "replace" ? this.#command.dialogs : "all");
        break;
      case "hold back":
        port.replace("wait");
        break;
      case "pin the rest":
        port.replace("never");
        break;
      case "report":
        this.#report();
        break;
      case "close":
        this.#close();
        break;
    }
  }

  #hold(isHolding: boolean): void {
    if (this.#isHolding === isHolding) return;
    this.#isHolding = isHolding;
    this.#options.port.holdNewRequests(isHolding);
    if (!isHolding) this.#options.released();
  }

  #isSMove(): boolean {
    const target = this.#operation?.move?.target;
    return target !== undefined && "sCscf" in target;
  }

  #target(): Parameters<UePort["register"]>[0] {
    const target = this.#operation?.move?.target;
    return target !== undefined && "pCscf" in target ? target.pCscf : null;
  }

  #open(): void {
    const command = this.#command;
    if (command === null) return;
    this.#operation = {
      id: command.operation,
      sequence: command.sequence,
      move: command.command === "move" ? command : null,
      expected: [],
      results: new Map(),
      isAgainDue: false,
      wasOld: false,
      isThere: false,
      isRegistered: false,
      until: this.#expiry(),
    };
    this.#watchDeadline();
    // Dialogs follow the registration only when the operation says so.
    if (command.command === "move" && command.replace === "wait") this.#options.port.replace("wait");
  }

  #amend(): void {
    const operation = this.#operation;
    const command = this.#command;
    if (operation === null || command === null) return;
    operation.sequence = command.sequence;
    if (command.command === "replace" && command.dialogs === "all" && operation.move !== null)
      operation.move = { ...operation.move, replace: "now" };
    if (command.command !== "move") return;
    operation.move = command;
    operation.wasOld = false;
    this.#watchDeadline();
  }

  #expiry(): number | null {
    const expiresAt = this.#options.port.registration()?.expiresAt;
    if (expiresAt === undefined) return null;
    return expiresAt + this.#options.now() - this.#host.clock.wall();
  }

  #watchDeadline(): void {
    this.#deadline?.cancel();
    const deadline = this.#operation?.move?.deadline;
    if (deadline === undefined) return;
    const left = Math.max(0, deadline - this.#options.now());
    this.#deadline = this.#host.clock.after(left, () => this.#run("deadline"), "move deadline");
  }

  #startRest(ms: number): void {
    this.#rest?.cancel();
    this.#rest = this.#host.clock.after(ms, () => this.#run("rest over"), "armed rest");
  }

  #register(through: Parameters<UePort["register"]>[0]): void {
    this.#registrations += 1;
    const number = this.#registrations;
    this.#isRegistering = true;
    if (this.#operation !== null) {
      this.#operation.isAgainDue = false;
      this.#operation.isThere = false;
      // Who is only to register again leaves nothing: his dialogs stay, or follow as after any registration.
      this.#operation.expected = this.#operation.move === null ? [] : this.#options.port.dialogs();
    }
    const done = (result: RegisterResult) => {
      if (number !== this.#registrations) return;
      this.#isRegistering = false;
      this.#result = result;
      this.#run(this.#outcomeEvent(result));
      this.#result = null;
    };
    // A user is moved whatever his dialogs are after a failure, and where nobody cares for them.
    this.#options.port.register(through, done, { isOldDead: this.#operation?.move?.if === "always" });
  }

  #outcomeEvent(result: RegisterResult): MoveEvent {
    const operation = this.#operation;
    if (operation !== null && result.outcome === "registered") operation.isRegistered = true;
    if (operation?.isAgainDue === true) return "registered, again";
    if (result.outcome === "failed") return "failed";
    const target = operation?.move?.target;
    if (operation !== null && target !== undefined && "sCscf" in target) {
      if (!namesServer(result.registration, target.sCscf)) {
        if (operation.wasOld) return "registered, still old";
        operation.wasOld = true;
        return "registered, old S-CSCF";
      }
    }
    if (operation !== null) {
      operation.isThere = true;
      operation.expected = leftBehind(operation, this.#options.port);
    }
    return operation?.move?.replace === "wait" ? "registered, wait" : "registered";
  }

  #tellRegistered(): void {
    const operation = this.#operation;
    if (operation === null || this.#result?.outcome !== "registered") return;
    const { registration, trouble } = this.#result;
    this.#options.say({
      ...this.#newHead(operation),
      answer: "registered",
      path: registration.path,
      serviceRoute: registration.serviceRoute,
      trouble,
      dialogs: this.#options.port.dialogs(),
      at: Math.round(this.#options.now()),
    });
  }

  #tellFailed(detail: string): void {
    const operation = this.#operation;
    if (operation === null) return;
    const trouble: readonly RegistrationTrouble[] = this.#result?.trouble ?? [];
    this.#options.say({ ...this.#newHead(operation), answer: "failed", trouble, detail });
  }

  #accept(): void {
    const command = this.#command;
    if (command === null) return;
    const { port } = this.#options;
    const former = port.formerDialogs();
    const armed = this.#state === "Armed";
    this.#answer(command, {
      ...{ ...this.#head(command), answer: "accepted", armed, dialogs: port.dialogs() },
      ...(former.length === 0 ? {} : { former }),
    });
  }

  #cancelled(): void {
    const command = this.#command;
    if (command === null) return;
    const operation = this.#operation;
    const kept = [...(operation?.results.values() ?? [])].filter(({ result }) => result === "kept").length;
    const notUndone = [
      ...(this.#isRegistering ? ["registration under way"] : []),
      ...(operation?.isRegistered === true ? ["registration"] : []),
      ...(kept > 0 ? [`${kept} replaced dialogs`] : []),
    ];
    const undone = this.#from === "Armed" ? ["armed registration"] : [];
    this.#answer(command, { ...this.#head(command), answer: "cancelled", undone, notUndone });
  }

  /** At the place that was wanted, or at the end. */
  #awaitsResults(): boolean {
    const operation = this.#operation;
    if (operation === null) return false;
    if (this.#state === "Waiting") return operation.isThere;
    return this.#state === "Replacing" || this.#state === "Settling";
  }

  #pending(): readonly DialogDescription[] {
    return this.#operation === null ? [] : unreported(this.#operation);
  }

  #tellIfDone(): void {
    if (!this.#awaitsResults()) return;
    if (this.#pending().length === 0) this.#run("all told");
    else this.#lookLater(false);
  }

  /** A dialog's end is seen before its report comes; one that is gone and stays unreported has ended. */
  #lookLater(wasGone: boolean): void {
    this.#look?.cancel();
    this.#look = this.#host.clock.after(
      lookPause,
      () => {
        if (!this.#awaitsResults()) return;
        const present = new Set(this.#options.port.dialogs().map(({ id }) => id));
        const isGone = this.#pending().every(({ id }) => !present.has(id));
        if (isGone && wasGone) this.#run("all told");
        else this.#lookLater(isGone);
      },
      "move looks for results",
    );
  }

  #report(): void {
    const operation = this.#operation;
    if (operation === null) return;
    const dialogs = resultsOf(operation, this.#options.port.dialogs());
    this.#options.say({
      id: this.#newId(),
      operation: operation.id,
      sequence: operation.sequence,
      final: true,
      dialogs,
    });
  }

  #close(): void {
    this.#rest?.cancel();
    this.#deadline?.cancel();
    this.#look?.cancel();
    this.#operation = null;
    // From now on dialogs follow whatever registration there is.
    this.#options.port.replace("now");
  }

  #answer(command: CommandName, answer: Answer): void {
    this.#answers.set(keyOf(command), answer);
    for (const key of this.#answers.keys()) {
      if (this.#answers.size <= remembered) break;
      this.#answers.delete(key);
    }
    this.#options.say(answer);
  }

  #head(command: CommandName): { id: string; operation: string; sequence: number } {
    return { id: this.#newId(), operation: command.operation, sequence: command.sequence };
  }

  #newHead(operation: Operation): { id: string; operation: string; sequence: number } {
    return { id: this.#newId(), operation: operation.id, sequence: operation.sequence };
  }

  #newId(): string {
    this.#given += 1;
    return `${encodeHex(this.#host.random.bytes(4))}-${this.#given}`;
  }

  #observe(operation: string, state: string, reason: string | null): void {
    this.#host.log.info("move", { operation, state, reason });
    this.#options.observer.move?.({ at: this.#host.clock.wall(), operation, state, reason });
  }
}

/** Commands whose answers are kept. */
const remembered = 64;

const aboutDialogs: ReadonlySet<string> = new Set(["not idle", "not replaceable", "emergency call"]);

function keyOf(command: CommandName): string {
  return `${command.operation} ${command.sequence}`;
}
