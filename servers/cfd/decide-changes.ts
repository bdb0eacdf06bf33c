// From a third-party REGISTER and the records of its user to what is to be written. Pure.
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { deregister, removeShown } from "./deregistration.ts";
import { Changes, type Decision, type DecisionOptions, isLive } from "./record-change.ts";
import { register, standing } from "./registration.ts";
import type { ThirdPartyRegister } from "./third-party-register.ts";

/** The changes that the message causes, given all records of the user as they are now. */
export function decideChanges(
  message: ThirdPartyRegister,
  records: readonly LocationRecord[],
  options: DecisionOptions,
): Decision {
  const changes = new Changes();
  if (message.expires === 0) deregister(message, records, changes, options);
  else {
    const known = records.find(({ implicitSet }) => implicitSet.includes(message.identity));
    const impu = message.isSetShown
      ? (message.implicitSet[0] ?? message.identity)
      : (known?.impu ?? message.identity);
    for (const binding of standing(message)) register(binding, message, records, changes, impu, options);
    removeShown(message, records, records.filter(isLive), changes, options.now);
  }
  return changes.decision();
}
