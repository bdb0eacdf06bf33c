// An HSS over Diameter that does as a test says: answers to MAR and UAR by script, RTR and PPR to whoever wrote last.
import { avpFlag, buildAvp } from "@liquid-ims/diameter/avp";
import { buildCxAnswer, readCxRequest, sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { type MultimediaAuthRequest, multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { type UserAuthorizationRequest, userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import { DiameterNode } from "@liquid-ims/diameter/node";
import type { Result } from "@liquid-ims/diameter/result";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { encodeText } from "@liquid-ims/runtime/text";

export const realm = "ims.example";
export const hssHost = "hss.ims.example";
export const cfsHost = "cfs.ims.example";

export class ScriptedHssNode {
  readonly mars: (MultimediaAuthRequest & { readonly originHost: string })[] = [];
  readonly uars: UserAuthorizationRequest[] = [];
  readonly names = new Map<string, string>();
  /** For MAR; null: no answer. */
  result: Result | null = success;
  /** For a MAR that names another node than the CFS as its origin; null: like any. */
  ofOthers: Result | null = null;
  /** Everybody is looked after as unregistered. */
  unregistered = false;
  /** Server-Name for a first registration, as PyHSS gives one of its pool; null: none. */
  choice: string | null = null;
  /** The answer to every LIR, in place of the right one; `unusable`: with an AVP that nobody understands and everybody must. */
  location: Result | "unusable" | null = null;
  /** The answer to every UAR for a de-registration, in place of the right one. */
  deregistration: Result | null = null;
  /** Server-Name with that. */
  deregistrationServer: string | undefined;
  readonly node: DiameterNode;

  constructor(host: Host, listen: Address) {
    this.node = new DiameterNode(host, {
      originHost: hssHost,
      originRealm: realm,
      listen,
      peers: [{ originHost: cfsHost }],
      applications: [{ applicationId: cxApplicationId, vendorId: vendor3gpp }],
      dictionary: cxDictionary,
    });
    serveCx(this.node, multimediaAuth, ({ request, originHost, answer }) => {
      this.mars.push({ ...request, originHost });
      if (this.result === null) return;
      if (this.ofOthers !== null && originHost !== cfsHost) return answer(this.ofOthers);
      if (this.result === success) this.names.set(request.userName, request.serverName);
      answer(this.result);
    });
    serveCx(this.node, userAuthorization, ({ request, answer }) => {
      this.uars.push(request);
      const serverName = this.names.get(request.userName);
      if (request.userAuthorizationType === "DE_REGISTRATION") {
        if (this.deregistration !== null)
          answer(this.deregistration, { serverName: this.deregistrationServer });
        else if (serverName === undefined) answer(cxResult("identityNotRegistered"));
        else answer(success, this.unregistered ? {} : { serverName });
        return;
      }
      if (serverName === undefined)
        answer(cxResult("firstRegistration"), this.choice === null ? {} : { serverName: this.choice });
      else answer(cxResult("subsequentRegistration"), { serverName });
    });
    this.node.handle(cxApplicationId, locationInfo.commandCode, ({ message, answer, reject }) => {
      const read = readCxRequest(locationInfo, message);
      if (!read.ok) return reject(read.rejection);
      const serverName = this.names.get(read.value.publicIdentity.replace("sip:", ""));
      const send = (result: Result, fields = {}) => answer(buildCxAnswer(locationInfo, result, fields));
      if (this.location === "unusable")
        answer({ result: success, avps: [buildAvp(99_999, vendor3gpp, avpFlag.mandatory, encodeText("?"))] });
      else if (this.location !== null) send(this.location);
      else if (serverName === undefined) send(cxResult("unregisteredService"));
      else send(success, { serverName });
    });
    host.spawn("hss starts", () => this.node.start());
  }

  /** RTR; gives the result of its answer. */
  terminate(userName: string): Promise<Result | null> {
    const request = {
      userName,
      publicIdentities: [`sip:${userName}`],
      deregistrationReason: { reasonCode: "NEW_SERVER_ASSIGNED", reasonInfo: "moved" },
    } as const;
    const to = { destinationRealm: realm, destinationHost: cfsHost };
    return new Promise((resolve) => {
      sendCx(this.node, registrationTermination, to, request, (outcome) =>
        resolve(outcome.kind === "answer" ? outcome.result : null),
      );
    });
  }

  /** PPR; gives the result of its answer. */
  push(userName: string): Promise<Result | null> {
    const to = { destinationRealm: realm, destinationHost: cfsHost };
    return new Promise((resolve) => {
      sendCx(this.node, pushProfile, to, { userName }, (outcome) =>
        resolve(outcome.kind === "answer" ? outcome.result : null),
      );
    });
  }
}
