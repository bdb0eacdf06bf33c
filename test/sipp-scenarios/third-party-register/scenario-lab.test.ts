// The form "embedded" against what the lab's S-CSCF sends for the same REGISTER of a UE: the same headers, and the same
// to the CFD.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readThirdPartyRegister } from "@liquid-ims/cfd/third-party-register";
import { sendThirdPartyRegisters } from "@liquid-ims/lab/ims-core/third-party-registration";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { parseContacts } from "@liquid-ims/sip/header/contact";
import type { SipRequest } from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { formatInjectionFile } from "@liquid-ims/sipp-scenarios/third-party-register/injection-file";
import { loadUser } from "@liquid-ims/sipp-scenarios/third-party-register/load-users";
import { addNode, both, openNode } from "../../sip/stack-nodes.ts";
import { addBareHost } from "../../support/virtual-hosts.ts";

const user = loadUser(4, "run1");
const shape = { form: "embedded", body: "register", expires: 600 } as const;

/** The scenario's message as SIPp fills it in; its body alone when `part` says so. */
function filledIn(): { readonly message: SipRequest; readonly embedded: SipRequest } {
  const file = join(
    import.meta.dirname,
    "../../../sipp-scenarios/third-party-register/third-party-register.xml",
  );
  const [, text = ""] = /<!\[CDATA\[\n([\s\S]*?)\]\]>/.exec(readFileSync(file, "utf8")) ?? [];
  const [, line = ""] = formatInjectionFile([{ user, kind: "new", sequence: 2 }], shape).split("\n");
  const fields = line.split(";");
  const keywords: Record<string, string> = {
    ...{
      transport: "UDP",
      local_ip: "127.0.0.1",
      local_port: "5060",
      remote_host: "127.0.0.1",
      remote_port: "7080",
    },
    ...{ branch: "z9hG4bK1", pid: "1", call_number: "1", call_id: "1-1@127.0.0.1", $nothing: "" },
  };
  const filled = text
    .trim()
    .replace(/\[field(\d+)\]/g, (_, index) => fields[Number(index)] ?? "")
    .replace(/\[([$a-z_]+)\]/g, (whole, name) => keywords[name] ?? whole)
    .replaceAll("\n", "\r\n");
  const end = filled.indexOf("\r\n\r\n") + 4;
  const body = filled.slice(end);
  return {
    message: request(filled.replace("[len]", String(body.length))),
    embedded: request(body),
  };
}

function request(text: string): SipRequest {
  const parsed = parseMessage(encodeText(text));
  if (!parsed.ok || parsed.message.kind !== "request") assert.fail(`no request: ${text}`);
  return parsed.message;
}

async function sentByLab(embedded: SipRequest): Promise<SipRequest> {
  const simulation = new Simulation({ seed: 1 });
  const cfd = await addNode(simulation, "cfd", "127.0.2.11");
  const { node: host } = addBareHost(simulation, "scscf", "127.0.1.22");
  const sCscf = await simulation.settle(openNode(host, { listen: both("127.0.1.22") }));
  const contacts = parseContacts(embedded.headers);
  const [contact] = contacts === "*" || contacts === null ? [] : contacts;
  if (contact === undefined) assert.fail("the UE's REGISTER has no contact");
  const now = host.clock.now();
  sendThirdPartyRegisters(host, sCscf.stack, {
    serverName: user.sCscf,
    request: embedded,
    registrationType: "initial registration",
    now,
    user: {
      privateIdentity: user.privateIdentity,
      publicIdentities: [user.identity],
      initialFilterCriteria: [
        {
          priority: 0,
          applicationServer: {
            serverName: "sip:127.0.2.11",
            defaultHandling: "SESSION_CONTINUED",
            includeRegisterRequest: true,
          },
        },
      ],
      bindings: new Map([
        [contact.uri, { contact, path: [], callId: user.callId, sequence: 2, expiresAt: now + 600_000 }],
      ]),
    },
  });
  await simulation.run({ ms: 100 });
  const [transaction] = cfd.requests;
  if (transaction === undefined) assert.fail("the CFD got nothing");
  return transaction.request;
}

test("TS 24.229 5.4.1.7: embedded is what the lab's S-CSCF sends", async () => {
  const { message, embedded } = filledIn();
  const lab = await sentByLab(embedded);
  const names = ({ headers }: SipRequest) => [...headers].map(({ name }) => name);
  assert.deepEqual(names(message), names(lab));
  const table = createFunctionTable([]);
  assert.deepEqual(readThirdPartyRegister(message, table), readThirdPartyRegister(lab, table));
  for (const name of ["From", "To", "CSeq", "Max-Forwards", "Contact", "Expires", "Event", "Path"])
    assert.equal(
      message.headers.get(name)?.replace(/;tag=.*/, ""),
      lab.headers.get(name)?.replace(/;tag=.*/, ""),
      name,
    );
});
