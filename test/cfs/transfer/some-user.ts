// A user's row with whatever a test cares about.
import type { UserRow } from "@liquid-ims/cfs/transfer/user-row";

export function someUser(changes: Partial<UserRow> = {}): UserRow {
  return {
    transfer: "t-1",
    registration: "a@home <urn:uuid:1>",
    user: "sip:a@home",
    from: "pcscf1.home:4060",
    sCscf: "sip:scscf1.home:6060",
    target: "pcscf2.home:4060",
    counted: true,
    state: "planned",
    reason: null,
    detail: "",
    dialogs: null,
    former: [],
    command: null,
    since: 0,
    round: 1,
    attempts: 0,
    notBefore: 0,
    deadlineAt: 1_600_000,
    commandedAt: null,
    registeredAt: null,
    endedAt: null,
    askedAt: null,
    replace: "now",
    reported: false,
    results: [],
    released: "no",
    arrivedAt: null,
    reassignment: null,
    ...changes,
  };
}
