// Where requests came from and where responses go. RFC 3261 18.2.1, 18.2.2, RFC 3581 4, RFC 5118 4.5.
import assert from "node:assert/strict";
import test from "node:test";
import { formatVia, parseVia } from "@liquid-ims/sip/header/via";
import { Headers } from "@liquid-ims/sip/headers";
import { markReceived, responseTarget } from "@liquid-ims/sip/transport/via";

const from = { host: "192.0.2.7", port: 9_988 };

function marked(via: string): string | undefined {
  const headers = Headers.from([["Via", `${via}, SIP/2.0/UDP last.test;branch=z9hG4bKz`]]);
  const result = markReceived(headers, from);
  const [first, second] = headers.values("Via");
  assert.equal(second, "SIP/2.0/UDP last.test;branch=z9hG4bKz");
  assert.equal(result === null ? undefined : formatVia(result), first);
  return first;
}

test("18.2.1: received is put in for a name and for another address, not for the same address", () => {
  assert.equal(
    marked("SIP/2.0/UDP host.test;branch=z9hG4bKa"),
    "SIP/2.0/UDP host.test;branch=z9hG4bKa;received=192.0.2.7",
  );
  assert.equal(
    marked("SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bKa"),
    "SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bKa;received=192.0.2.7",
  );
  assert.equal(marked("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa"), "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa");
});

test("RFC 3581 4: rport gets the source port, and then received is always there", () => {
  assert.equal(
    marked("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa;rport"),
    "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa;rport=9988;received=192.0.2.7",
  );
});

test("18.2.1: what the peer wrote into received and rport itself does not count", () => {
  assert.equal(
    marked("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa;received=203.0.113.1;rport=7"),
    "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa",
  );
  assert.equal(
    marked("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa;rport=7"),
    "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa",
  );
});

test("18.2.1: an unreadable first Via is no Via", () => {
  assert.equal(markReceived(Headers.from([["Via", "SIP/2.0 host"]]), from), null);
  assert.equal(markReceived(Headers.from([]), from), null);
});

function goes(via: string): string | null {
  const parsed = parseVia(via);
  assert.ok(parsed);
  const target = responseTarget(parsed);
  return target === null ? null : `${target.protocol} ${target.address.host} ${target.address.port}`;
}

test("18.2.2, RFC 3581 4: a response goes to received and rport, else to sent-by, port 5060 by default", () => {
  assert.equal(goes("SIP/2.0/UDP a.test:5070;received=192.0.2.1;rport=99"), "udp 192.0.2.1 99");
  assert.equal(goes("SIP/2.0/UDP a.test:5070;received=192.0.2.1"), "udp 192.0.2.1 5070");
  assert.equal(goes("SIP/2.0/UDP 192.0.2.2"), "udp 192.0.2.2 5060");
  assert.equal(goes("SIP/2.0/UDP 192.0.2.2;maddr=224.2.0.1;received=192.0.2.3"), "udp 224.2.0.1 5060");
});

test("18.2.2: over TCP a new connection goes to received with the port of sent-by, never to rport", () => {
  assert.equal(goes("SIP/2.0/TCP 192.0.2.2:5070;received=192.0.2.1;rport=99"), "tcp 192.0.2.1 5070");
});

test("RFC 5118 4.5: IPv6 in received, with and without brackets", () => {
  assert.equal(goes("SIP/2.0/UDP [2001:db8::9]:5070;received=2001:db8::1"), "udp 2001:db8::1 5070");
  assert.equal(goes("SIP/2.0/UDP [2001:db8::9];received=[2001:db8::1];rport=7"), "udp 2001:db8::1 7");
});

test("18.2.2: no way back to a name, an unknown transport or an impossible port", () => {
  assert.equal(goes("SIP/2.0/UDP host.test"), null);
  assert.equal(goes("SIP/2.0/SCTP 192.0.2.2"), null);
  assert.equal(goes("SIP/2.0/UDP 192.0.2.2;rport=70000"), null);
  assert.equal(goes("SIP/2.0/UDP 192.0.2.2;rport=x"), null);
});

test("18.2.2: the transport that brought the request counts, not the one that its Via claims", () => {
  const via = parseVia("SIP/2.0/TCP 192.0.2.2:5070;received=192.0.2.1;rport=99");
  assert.ok(via);
  assert.deepEqual(responseTarget(via, "udp"), {
    protocol: "udp",
    address: { host: "192.0.2.1", port: 99 },
  });
});
