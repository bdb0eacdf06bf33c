// A configuration as somebody else looks at it: values, places, mistakes.
import assert from "node:assert/strict";
import test from "node:test";
import { lookInto } from "@liquid-ims/program/configuration/look-into";
import { loadCfd } from "./load-text.ts";

const right = `listen:
  - { protocol: tcp, host: 127.0.0.1, port: 7080 }
`;

test("places: file and line, the variable, the key alone where there is no file", (context) => {
  const looked = lookInto(loadCfd(context, right, { LIQUID_IMS_CFD_HOME_DOMAIN: "ims.test" }));
  assert.ok(looked.ok);
  assert.equal(looked.value.homeDomain, "ims.test");
  assert.equal(looked.place("listen[0].port"), "cfd.yaml:2 listen[0].port");
  assert.equal(looked.place("admin.port"), "cfd.yaml:1 admin.port");
  assert.equal(looked.place("homeDomain"), "LIQUID_IMS_CFD_HOME_DOMAIN (homeDomain)");
  const listen = { LIQUID_IMS_CFD_LISTEN: "[{ protocol: tcp, host: 127.0.0.1, port: 7080 }]" };
  const bare = lookInto(loadCfd(context, null, listen));
  assert.ok(bare.ok);
  assert.equal(bare.place("admin.port"), "admin.port");
});

test("mistakes: a line for each, as the program says them", (context) => {
  const looked = lookInto(loadCfd(context, `${right}queueLimit: many\nhomeDomian: ims.test\n`));
  assert.ok(!looked.ok);
  assert.equal(looked.lines.length, 2);
  assert.match(looked.lines[0] ?? "", /^cfd\.yaml:3:13: queueLimit: "many" is not allowed/);
});
