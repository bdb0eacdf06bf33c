// Whether initial filter criteria fit a request. TS 29.228 B.2.2, B.2.3; TS 23.218 5.2.
import type {
  InitialFilterCriteria,
  RegistrationType,
  ServicePointTrigger,
  SessionCase,
} from "@liquid-ims/diameter/cx/user-data";
import type { SipRequest } from "@liquid-ims/sip/message";

/** A request as criteria see it. */
export interface FilteredRequest {
  readonly request: SipRequest;
  readonly sessionCase: SessionCase;
  /** Of a REGISTER. */
  readonly registrationType?: RegistrationType;
}

/** Contents are regular expressions; one that is none fits nothing. */
function fits(expression: string, text: string): boolean {
  try {
    return new RegExp(expression).test(text);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function holds({ condition, negated = false }: ServicePointTrigger, filtered: FilteredRequest): boolean {
  return conditionHolds(condition, filtered) !== negated;
}

function conditionHolds(condition: ServicePointTrigger["condition"], filtered: FilteredRequest): boolean {
  const { request, sessionCase, registrationType } = filtered;
  switch (condition.kind) {
    case "Method": {
      const { value, registrationTypes = [] } = condition;
      if (value !== request.method) return false;
      return registrationTypes.length === 0 || registrationTypes.some((type) => type === registrationType);
    }
    case "RequestURI":
      return fits(condition.value, request.uri);
    case "SIPHeader": {
      const values = request.headers.values(condition.header);
      const { content } = condition;
      return content === undefined ? values.length > 0 : values.some((value) => fits(content, value));
    }
    case "SessionCase":
      return condition.value === sessionCase;
  }
}

/** True for criteria without a trigger, too. */
export function criteriaMatch({ trigger }: InitialFilterCriteria, filtered: FilteredRequest): boolean {
  if (trigger === undefined) return true;
  const { conjunctive, servicePointTriggers: all } = trigger;
  const groups = [...new Set(all.flatMap((one) => one.groups))].map((group) =>
    all.filter((one) => one.groups.includes(group)),
  );
  const inGroup = (group: readonly ServicePointTrigger[]) =>
    conjunctive ? group.some((one) => holds(one, filtered)) : group.every((one) => holds(one, filtered));
  return conjunctive ? groups.every(inGroup) : groups.some(inGroup);
}
