// The injection file of third-party-register.xml: what each field is stands at the top of the scenario.

import type { PlannedRegister } from "./load-plan.ts";

/** Whose third-party REGISTER it is. */
export type Form = "kamailio" | "openims" | "embedded";

/** `kamailio` may carry the UE's REGISTER as its body; `embedded` always does, `openims` never. */
export type Body = "none" | "register";

export interface RegisterShape {
  readonly form: Form;
  readonly body: Body;
  /** What the S-CSCF granted, in seconds. */
  readonly expires: number;
}

export const forms: readonly Form[] = ["kamailio", "openims", "embedded"];

/** OpenIMSCore tells application servers of two minutes more than it granted. */
const openimsExtra = 120;

/** True where the message shows the contact of the UE. */
export function showsContact({ form, body }: RegisterShape): boolean {
  return form === "embedded" || (form === "kamailio" && body === "register");
}

function fields({ user, kind, sequence }: PlannedRegister, shape: RegisterShape): readonly string[] {
  const { form, body, expires } = shape;
  const granted = expires + (form === "openims" ? openimsExtra : 0);
  return [
    form === "kamailio" && body === "register" ? "kamailio-body" : form,
    user.identity,
    user.privateIdentity,
    user.domain,
    String(kind === "deregister" ? 0 : granted),
    user.sCscf,
    user.pCscf,
    user.pCscfAddress,
    user.contact,
    user.address,
    user.instance,
    user.callId,
    String(sequence),
  ];
}

/** The file's text: one line for each REGISTER, in order. SIPp splits at `;` and knows no quotes. */
export function formatInjectionFile(registers: readonly PlannedRegister[], shape: RegisterShape): string {
  const lines = registers.map((register) => {
    const cells = fields(register, shape);
    const wrong = cells.find((cell) => /[;\r\n]/.test(cell));
    if (wrong !== undefined) throw new RangeError(`"${wrong}" does not fit into an injection file of SIPp`);
    return cells.join(";");
  });
  return `${["SEQUENTIAL", ...lines].join("\n")}\n`;
}
