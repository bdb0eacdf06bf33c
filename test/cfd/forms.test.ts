// Every form in which a core may tell of a registration, and the record that the CFD makes of it. TS 24.229 5.4.1.7,
// 5.4.1.7A; what real cores send is in docs/system.md and in the captures.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, buildResponse, copyRequest, type SipRequest } from "@liquid-ims/sip/message";
import { formatMultipart } from "@liquid-ims/sip/multipart";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { ueRegister } from "./messages.ts";
import { openWorld } from "./world.ts";

const server = "sip:scscf1.open-ims.test:6060";
const contact = '<sip:alice@127.0.3.1:5060>;+sip.instance="<urn:uuid:1>"';

/** How a core writes the fields that all of its third-party REGISTERs have. */
const cores = {
  // To in brackets, P-Associated-URI, Expires as granted.
  Kamailio: {
    To: "<sip:alice@open-ims.test>",
    From: `<${server}>;tag=s`,
    Contact: `<${server}>`,
    Expires: "600",
    "P-Associated-URI": "<sip:alice@open-ims.test>,<tel:+15551234>",
    "P-Visited-Network-ID": "open-ims.test",
  },
  // No brackets (RFC 3261 20.10), no P-Associated-URI, granted and 120 s.
  OpenIMSCore: {
    To: "sip:alice@open-ims.test",
    From: `${server};tag=s`,
    Contact: `<${server}>`,
    Expires: "720",
    "P-Visited-Network-ID": "open-ims.test",
  },
  // As the specification has it, the seconds in Contact.
  "TS 24.229": {
    To: "<sip:alice@open-ims.test>",
    From: `"S-CSCF" <${server}>;tag=s`,
    Contact: `<${server}>;expires=600`,
    "P-Visited-Network-ID": '"open-ims.test"',
  },
} as const;

type Core = keyof typeof cores;

interface Body {
  readonly type: string;
  readonly data: Uint8Array;
}

const request = ueRegister({ contact, callId: "ue-1", sequence: 7 });
const response = buildResponse(request, 200, {
  headers: [
    ["Contact", `${contact};expires=500`],
    ["P-Associated-URI", "<sip:alice@open-ims.test>, <tel:+15551234>"],
  ],
});
const information = encodeText(
  '<?xml version="1.0"?><ims-3gpp version="1"><service-info>sip:alice@open-ims.test tel:+15551234</service-info></ims-3gpp>',
);

function multipart(...parts: readonly (readonly [type: string, data: Uint8Array])[]): Body {
  const written = parts.map(([type, data]) => ({ headers: [["Content-Type", type]] as const, body: data }));
  return { type: 'multipart/mixed;boundary="next part"', data: formatMultipart("next part", written) };
}

const sip = "message/sip";
const info = "application/3gpp-ims+xml";
const path = { Path: `<${server};lr>,<sip:term@pcscf1.open-ims.test:4060;lr>` };
const vector = (address: string) => ({
  "P-Charging-Vector": `icid-value="a;b";icid-generated-at=${address};orig-ioi="x"`,
});

interface Form {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** What the record has beside identity, S-CSCF and visited network. */
  readonly pCscf: string | null;
  readonly contact?: boolean;
  readonly order?: boolean;
  /** Seconds granted by the 200 in the body. */
  readonly granted?: number;
  /** The set is shown whatever the core's own fields say. */
  readonly set?: boolean;
}

const pcscf1 = "pcscf1.open-ims.test:4060";
const unknown = { pCscf: null };

const forms: Readonly<Record<string, Form>> = {
  "Path, no body": { headers: path, pCscf: pcscf1 },
  "Path in two fields, the S-CSCF by its address": {
    headers: { Path: "<sip:127.0.1.21:6060;lr>, <sip:127.0.1.1:4060;lr>" },
    pCscf: pcscf1,
  },
  "REGISTER alone": {
    headers: {},
    body: { type: sip, data: serializeMessage(request) },
    pCscf: pcscf1,
    contact: true,
    order: true,
  },
  "Path and REGISTER": {
    headers: path,
    body: { type: sip, data: serializeMessage(request) },
    pCscf: pcscf1,
    contact: true,
    order: true,
  },
  "a 200 alone": {
    headers: path,
    body: { type: sip, data: serializeMessage(response) },
    pCscf: pcscf1,
    order: true,
    set: true,
  },
  "REGISTER and 200 in parts": {
    headers: {},
    body: multipart([sip, serializeMessage(request)], [sip, serializeMessage(response)]),
    ...{ pCscf: pcscf1, contact: true, order: true, granted: 500, set: true },
  },
  "200, information and REGISTER in parts": {
    headers: {},
    body: multipart([sip, serializeMessage(response)], [info, information], [sip, serializeMessage(request)]),
    ...{ pCscf: pcscf1, contact: true, order: true, granted: 500, set: true },
  },
  "parts within parts": {
    headers: {},
    body: multipart(
      [info, information],
      [
        'multipart/mixed;boundary="in"',
        formatMultipart("in", [{ headers: [["Content-Type", sip]], body: serializeMessage(request) }]),
      ],
    ),
    ...{ pCscf: pcscf1, contact: true, order: true, set: true },
  },
  "service information": { headers: path, body: { type: info, data: information }, pCscf: pcscf1, set: true },
  "icid-generated-at": { headers: vector("127.0.1.1"), pCscf: pcscf1 },
  "icid-generated-at, quoted": { headers: vector('"127.0.1.1"'), pCscf: pcscf1 },
  "icid-generated-at of nobody known": { headers: vector("10.9.9.9"), pCscf: "10.9.9.9" },
  "nothing at all": { headers: {}, ...unknown },
  "a Path that names no P-CSCF": { headers: { Path: `<${server};lr>, <urn:nobody>` }, ...unknown },
};

function message(core: Core, form: Form, branch: string): SipRequest {
  const fields = {
    Via: `SIP/2.0/UDP 127.0.1.21:6060;branch=z9hG4bK-${branch}`,
    ...{ "Call-ID": branch, CSeq: "10 REGISTER", "Max-Forwards": "70", Event: "registration" },
    ...cores[core],
    ...form.headers,
    ...(form.body === undefined ? {} : { "Content-Type": form.body.type }),
  };
  const body = form.body?.data ?? new Uint8Array();
  return buildRequest({
    method: "REGISTER",
    uri: "sip:cfd.open-ims.test",
    headers: Object.entries(fields),
    body,
  });
}

for (const core of Object.keys(cores) as Core[])
  for (const [name, form] of Object.entries(forms))
    test(`TS 24.229 5.4.1.7: ${core}: ${name}`, async () => {
      for (const transport of ["udp", "tcp"] as const) {
        const world = await openWorld();
        const sent = message(core, form, transport);
        if (transport === "udp") world.scscf1.send(sent);
        else world.scscf1.write(sent);
        await world.run(50);
        assert.deepEqual(world.scscf1.statuses, [200], transport);
        const records = await world.memory.get("sip:alice@open-ims.test");
        assert.equal(records.length, 1);
        const [record] = records;
        const shows = core === "Kamailio" || form.set === true;
        assert.deepEqual(
          {
            ...{ impu: record?.impu, set: record?.implicitSet, sCscf: record?.sCscf, pCscf: record?.pCscf },
            ...{
              contact: record?.contact,
              instance: record?.instance,
              impi: record?.impi,
              order: record?.order,
            },
            ...{ visited: record?.visitedNetwork, state: record?.state, doubtful: record?.doubtful },
            seconds: Math.round(((record?.expiresAt ?? 0) - (record?.refreshedAt ?? 0)) / 1000),
          },
          {
            impu: "sip:alice@open-ims.test",
            set: ["sip:alice@open-ims.test", ...(shows ? ["tel:+15551234"] : [])],
            sCscf: server,
            pCscf: form.pCscf,
            contact: form.contact === true ? "sip:alice@127.0.3.1:5060" : null,
            instance: form.contact === true ? "urn:uuid:1" : null,
            impi: form.contact === true ? "alice-private@open-ims.test" : "alice@open-ims.test",
            order: form.order === true ? { callId: "ue-1", sequence: 7 } : null,
            visited: "open-ims.test",
            ...{ state: "registered", doubtful: false },
            seconds: form.granted ?? (core === "OpenIMSCore" ? 720 : 600),
          },
        );
        assert.equal(world.count("cfd_unreadable_bodies_total"), 0);
      }
    });

test("multipart over TCP, 60,000 bytes in pieces of any size: read whole", async () => {
  const filler = encodeText("x".repeat(48_000));
  const large = multipart(
    ["text/plain", filler],
    [sip, serializeMessage(request)],
    [sip, serializeMessage(response)],
  );
  for (const piece of [1_460, 7, 65_536]) {
    const world = await openWorld();
    const data = serializeMessage(
      message("Kamailio", { ...forms["Path, no body"], headers: {}, body: large, pCscf: pcscf1 }, "large"),
    );
    assert.ok(data.length > 49_000);
    for (let at = 0; at < data.length; at += piece) {
      world.scscf1.write(data.subarray(at, at + piece));
      if (at === 0) await world.run(10);
    }
    await world.run(500);
    assert.deepEqual(world.scscf1.statuses, [200], `${piece}`);
    const [record] = await world.memory.get("sip:alice@open-ims.test");
    assert.equal(record?.contact, "sip:alice@127.0.3.1:5060");
  }
});

test("several contacts of one REGISTER: a record each, with its own seconds; one that is removed goes", async () => {
  const several = copyRequest(ueRegister({ callId: "ue-1", sequence: 8 }));
  several.headers.set(
    "Contact",
    "<sip:alice@127.0.3.1:5060>;expires=300, <sip:alice@127.0.3.2:5060>;expires=0",
  );
  several.headers.add("Contact", "<sip:alice@127.0.3.3:5060>");
  const granted = buildResponse(several, 200, {
    headers: [["Contact", "<sip:alice@127.0.3.1:5060>;expires=300,<sip:alice@127.0.3.3:5060>;expires=450"]],
  });
  const world = await openWorld();
  const before = ueRegister({ callId: "ue-1", sequence: 7, contact: "<sip:alice@127.0.3.2:5060>" });
  world.scscf1.send(world.fresh({ embedded: before }));
  await world.run(50);
  const body = multipart([sip, serializeMessage(several)], [sip, serializeMessage(granted)]);
  world.scscf1.send(message("Kamailio", { headers: {}, body, pCscf: pcscf1 }, "several"));
  await world.run(50);
  const records = await world.memory.get("sip:alice@open-ims.test");
  const lines = records.map(
    ({ contact: uri, state, expiresAt, refreshedAt }) =>
      `${uri?.slice(-6)} ${state}${state === "left" ? "" : ` ${Math.round((expiresAt - refreshedAt) / 1000)}`}`,
  );
  assert.deepEqual(lines.sort(), ["1:5060 registered 300", "2:5060 left", "3:5060 registered 450"]);
});

test("several identities of one implicit set, told one by one: one record under the default identity", async () => {
  const world = await openWorld();
  const associated = "<sip:alice@open-ims.test>, <tel:+1-555-1234>, <sip:+15551234@open-ims.test;user=phone>";
  for (const to of [
    "<sip:alice@open-ims.test>",
    "<tel:+1-555-1234>",
    "<sip:+15551234@open-ims.test;user=phone>",
  ]) {
    const headers = { To: to, "P-Associated-URI": associated };
    world.scscf1.send(world.fresh({ headers }));
    await world.run(20);
  }
  for (const identity of [
    "sip:alice@open-ims.test",
    "tel:+1-555-1234",
    "sip:+15551234@open-ims.test;user=phone",
  ]) {
    const records = await world.memory.get(identity);
    assert.deepEqual(
      records.map(({ impu, implicitSet }) => [impu, implicitSet.length]),
      [["sip:alice@open-ims.test", 3]],
      identity,
    );
  }
});

test("a set whose default identity is a telephone number", async () => {
  const world = await openWorld();
  const headers = { To: "<tel:+15551234>", "P-Associated-URI": "<tel:+15551234>, <sip:alice@open-ims.test>" };
  world.scscf1.send(world.fresh({ headers }));
  await world.run(20);
  const [record] = await world.memory.get("sip:alice@open-ims.test");
  assert.deepEqual([record?.impu, record?.impi], ["tel:+15551234", "+15551234"]);
});

test("a P-CSCF that is not known leaves the one that is; one of a visited network is told of", async () => {
  const seen: unknown[] = [];
  const world = await openWorld({ more: { onVisitedPCscf: (visited) => seen.push(visited) } });
  world.scscf1.send(world.fresh());
  await world.run(20);
  world.scscf1.send(world.fresh({ pCscf: null }));
  await world.run(20);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  const away = {
    Path: `<${server};lr>, <sip:ibcf.other.test;lr>, <sip:term@p1.other.test;lr>`,
    "P-Visited-Network-ID": '"other.test"',
  };
  world.scscf1.send(world.fresh({ pCscf: null, headers: away }));
  await world.run(20);
  assert.deepEqual(seen, [{ pCscf: "p1.other.test", network: "other.test" }]);
  const [record] = await world.memory.get("sip:alice@open-ims.test");
  assert.deepEqual(record?.path, ["sip:ibcf.other.test;lr", "sip:term@p1.other.test;lr"]);
});
