// What a message owes before anybody looks at its values: header bits, AVP bits, AVPs that must be understood.
// RFC 6733 3, 4.1, 4.4, 7.1.3, 7.1.5.
import { type Avp, avpFlag, decodeAvps, encodeAvps } from "./avp.ts";
import { failedAvp, proxyInfo } from "./dictionary/base.ts";
import type { Dictionary } from "./dictionary.ts";
import { commandFlag, type DecodedMessage, type DiameterHeader } from "./message.ts";
import type { Rejection } from "./rejection.ts";
import { resultCode } from "./result-code.ts";

/** Groups within groups are looked into so deep; beyond that their AVPs are taken as unknown. */
const deepest = 8;

/** A request with the E bit is no request and no answer; reserved bits are to be ignored (RFC 6733 3). */
export function checkHeader(header: DiameterHeader): Rejection | null {
  if ((header.flags & commandFlag.error) === 0) return null;
  const detail = "a request must not have the E bit";
  return { resultCode: resultCode.invalidHeaderBits, failedAvps: [], detail };
}

/** The AVP to blame with the groups around it. */
function within(groups: readonly Avp[], avp: Avp): Avp {
  return groups.reduceRight((inner, group) => ({ ...group, data: encodeAvps([inner]) }), avp);
}

function checkOne(avp: Avp, dictionary: Dictionary, groups: readonly Avp[]): Rejection | null {
  const reject = (code: number, what: string): Rejection => ({
    resultCode: code,
    failedAvps: [within(groups, avp)],
    detail: `AVP ${avp.code} of vendor ${avp.vendorId ?? 0} ${what}`,
  });
  if ((avp.flags & avpFlag.reserved) !== 0) return reject(resultCode.invalidAvpBits, "has reserved flags");
  const definition = dictionary.find(avp);
  if (definition === undefined) {
    // 4.4: what an unknown group holds is passed over with it; a known one is looked into, with or without M bit.
    if ((avp.flags & avpFlag.mandatory) === 0) return null;
    return reject(resultCode.avpUnsupported, "must be understood and is unknown");
  }
  if (definition.type.name !== "Grouped" || groups.length >= deepest) return null;
  const { avps, fault } = decodeAvps(avp.data);
  if (fault !== null)
    return {
      resultCode: fault.resultCode,
      failedAvps: [within([...groups, avp], fault.avp)],
      detail: `${definition.name} holds an AVP of a wrong length`,
    };
  return checkEach(avps, dictionary, [...groups, avp]);
}

function checkEach(avps: readonly Avp[], dictionary: Dictionary, groups: readonly Avp[]): Rejection | null {
  for (const avp of avps) {
    const rejection = checkOne(avp, dictionary, groups);
    if (rejection !== null) return rejection;
  }
  return null;
}

/** Failed-AVP and Proxy-Info are not looked into: what they hold is somebody else's. */
export function checkAvps({ message, fault }: DecodedMessage, dictionary: Dictionary): Rejection | null {
  if (fault !== null) {
    const detail = `AVP ${fault.avp.code} has a wrong length`;
    return { resultCode: fault.resultCode, failedAvps: [fault.avp], detail };
  }
  const foreign = (avp: Avp) => avp.code === failedAvp.code || avp.code === proxyInfo.code;
  return checkEach(
    message.avps.filter((avp) => avp.vendorId !== null || !foreign(avp)),
    dictionary,
    [],
  );
}
