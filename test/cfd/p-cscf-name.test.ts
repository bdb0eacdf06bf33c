// Which P-CSCF a third-party REGISTER names. RFC 3327, RFC 7315 4.6.
import assert from "node:assert/strict";
import test from "node:test";
import { readThirdPartyRegister } from "@liquid-ims/cfd/third-party-register";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { read, thirdParty, ueRegister } from "./messages.ts";

const scscf1 = "sip:scscf1.open-ims.test:6060";
const pcscf1 = "pcscf1.open-ims.test:4060";
const pcscf2 = "pcscf2.open-ims.test:4060";

test("P-CSCF: Path wins over the body, the body over icid-generated-at", () => {
  const icid = { "P-Charging-Vector": "icid-value=a;icid-generated-at=127.0.1.3" };
  const path = { Path: `<${scscf1};lr>, <sip:term@pcscf2.open-ims.test:4060;lr>` };
  const embedded = ueRegister({ pCscf: "pcscf1" });
  const name = (headers: Record<string, string>, body = true) => {
    const message = thirdParty({ pCscf: null, headers, ...(body ? { embedded } : {}) });
    return read(message).pCscf;
  };
  assert.equal(name({ ...path, ...icid })?.name, pcscf2);
  assert.deepEqual(name(icid), {
    name: pcscf1,
    path: ["sip:term@pcscf1.open-ims.test:4060;lr"],
    source: "embedded Path",
  });
  assert.equal(name(icid, false)?.name, "pcscf3.open-ims.test:4060");
  assert.equal(name({}, false), null);
  assert.equal(
    name({ Path: `<${scscf1};lr>`, ...icid }, false)?.name,
    "pcscf3.open-ims.test:4060",
    "its own only",
  );
});

test("P-CSCF: the bottom-most Path value that is not the S-CSCF, whatever stands above it", () => {
  const name = (path: string) => read(thirdParty({ pCscf: null, headers: { Path: path } })).pCscf;
  const above = "<sip:ibcf.visited.example;lr>, <sip:token==@pcscf1.open-ims.test:4060;lr;ob>";
  assert.deepEqual(name(`<${scscf1};lr>, ${above}`), {
    name: pcscf1,
    path: ["sip:ibcf.visited.example;lr", "sip:token==@pcscf1.open-ims.test:4060;lr;ob"],
    source: "Path",
  });
  assert.equal(
    name(`<sip:127.0.1.21:6060;lr>, <sip:127.0.1.2:4060;lr>`)?.name,
    pcscf2,
    "addresses, by the table",
  );
  assert.equal(name(`<sip:term@[2001:db8::9]:4060;lr>`)?.name, "[2001:db8::9]:4060", "not in the table");
  assert.equal(name(`<sip:term@PCSCF9.Example:5060;lr>`)?.name, "pcscf9.example:5060");
  assert.equal(name(`<sip:term@pcscf1.open-ims.test:4060;lr>, <`), null, "a damaged one names nobody");
});

test("P-CSCF: icid-generated-at is an address or a name, mapped where the table has it", () => {
  const name = (value: string) =>
    read(
      thirdParty({
        pCscf: null,
        headers: { "P-Charging-Vector": `icid-value="x";icid-generated-at=${value}` },
      }),
    ).pCscf?.name;
  assert.equal(name("127.0.1.1"), pcscf1);
  assert.equal(name('"127.0.1.1"'), pcscf1);
  assert.equal(name("pcscf2.open-ims.test"), pcscf2);
  assert.equal(name("10.0.0.1"), "10.0.0.1");
  assert.equal(name("127.0.1.1:4060"), pcscf1);
  assert.equal(name('" 127.0.1.1"'), undefined, "no address: nobody");
  const six = createFunctionTable([{ name: "pcscf6:4060", addresses: ["2001:db8::6"] }]);
  const values = [
    "[2001:db8::6]",
    '"[2001:db8::6]"',
    "2001:db8::6",
    '"2001:DB8:0:0::6"',
    "[2001:db8::6]:4060",
  ];
  for (const value of values) {
    const vector = `icid-value="a;b=\\"c\\"";orig-ioi="open-ims.test" ;icid-generated-at=${value};term-ioi=x`;
    const request = thirdParty({ pCscf: null, headers: { "P-Charging-Vector": vector } });
    const result = readThirdPartyRegister(request, six);
    assert.equal(result.ok ? result.value.pCscf?.name : null, "pcscf6:4060", value);
  }
});

test("P-CSCF: icid-generated-at where functions share an address: the only P-CSCF there, never an S-CSCF, no guess", () => {
  const oneHost = createFunctionTable([
    { name: "sip:scscf1.open-ims.test:6060", addresses: ["10.0.0.1"] },
    { name: "pcscf1.open-ims.test:4060", addresses: ["10.0.0.1"] },
    { name: "pcscf2.open-ims.test:4060", addresses: ["10.0.0.2"] },
    { name: "pcscf3.open-ims.test:4061", addresses: ["10.0.0.2"] },
    { name: "sip:scscf2.open-ims.test:6060", addresses: ["10.0.0.3"] },
  ]);
  const name = (value: string) => {
    const headers = { "P-Charging-Vector": `icid-value="x";icid-generated-at=${value}` };
    const result = readThirdPartyRegister(thirdParty({ pCscf: null, headers }), oneHost);
    return result.ok ? (result.value.pCscf?.name ?? null) : result.detail;
  };
  assert.equal(name("10.0.0.1"), "pcscf1.open-ims.test:4060");
  assert.equal(name("10.0.0.2"), null);
  assert.equal(name("10.0.0.2:4061"), "pcscf3.open-ims.test:4061");
  assert.equal(name("10.0.0.3"), null);
});
