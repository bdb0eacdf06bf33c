// One end of a call, told what happens and asked what it does: for the tests of the rules.
import assert from "node:assert/strict";
import { step } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallAction, CallEvent } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import {
  answeredCall,
  type CallState,
  highestHeld,
  placedCall,
} from "@liquid-ims/ue-lcf/dialog-replacement-state";

/** One end under test: what it did last, and its state. */
export class End {
  state: CallState;
  last: readonly CallAction[] = [];
  #count = 0;

  constructor(state: CallState) {
    this.state = state;
  }

  take(event: CallEvent): string[] {
    this.#count += 1;
    const { state, actions } = step(this.state, event, {
      callId: `m${this.#count}`,
      localTag: `t${this.#count}`,
    });
    // Plain data: survives being copied, and the state before is as it was.
    assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
    this.state = state;
    this.last = actions;
    return this.told();
  }

  /** The last actions, but for timers. */
  told(): string[] {
    return this.last.filter(({ type }) => !type.endsWith("Timer")).map(say);
  }

  timers(): string[] {
    return this.last.filter(({ type }) => type.endsWith("Timer")).map(say);
  }

  get held(): string | null {
    return highestHeld(this.state)?.callId ?? null;
  }
}

export function say(action: CallAction): string {
  switch (action.type) {
    case "sendInvite":
      return `INVITE ${action.callId} for ${action.replaces.callId} gen ${action.gen}`;
    case "answerInvite":
    case "answerQuestion":
    case "answerBye":
      return `${action.type} ${action.callId} ${action.status}`;
    case "startTimer":
    case "stopTimer":
      return `${action.type} ${action.timer}${"callId" in action ? ` ${action.callId}` : ""}`;
    case "dialogEnded":
      return `${action.callId} ended: ${action.by}${action.next === null ? "" : ` by ${action.next}`}`;
    case "pinned":
      return `${action.callId} pinned: ${action.reason}`;
    case "ended":
      return `call ended: ${action.reason}`;
    case "probe":
      return `probe ${action.lower} for ${action.callId}`;
    case "done":
      return "done";
    default:
      return `${action.type} ${action.callId}`;
  }
}

/** The caller of a call that both ends have confirmed, registered by r1. */
export function caller(): End {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  end.take({ type: "success", callId: "d", remoteTag: "b" });
  return end;
}

export function callee(): End {
  const end = new End(answeredCall({ callId: "d", localTag: "b", remoteTag: "a", registration: "r1" }));
  end.take({ type: "ack", callId: "d" });
  return end;
}

export function invite(
  callId: string,
  gen: number | null,
  o: Partial<Extract<CallEvent, { type: "invite" }>> = {},
): CallEvent {
  return {
    type: "invite",
    callId,
    localTag: `u-${callId}`,
    remoteTag: `v-${callId}`,
    replaces: { callId: "d", toTag: "b", fromTag: "a" },
    gen,
    registration: "r1",
    ...o,
  };
}
