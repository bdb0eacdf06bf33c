// A CFS that ends answers the requests that have come, and refuses new ones.
import assert from "node:assert/strict";
import test from "node:test";
import { OpenRequests } from "@liquid-ims/cfs/cfs-ue/open-requests";
import { buildRequest, buildResponse, type SipResponse } from "@liquid-ims/sip/message";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";

class FakeTransaction implements ServerTransaction {
  readonly sent: SipResponse[] = [];
  readonly state = "Trying";
  readonly cancelled = false;
  onCancel: (() => void) | null = null;
  onEnd: ServerTransaction["onEnd"] = null;
  readonly request = buildRequest({
    method: "SUBSCRIBE",
    uri: "sip:cfs.ims.test",
    headers: [
      ["Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1"],
      ["From", "<sip:a@ims.test>;tag=1"],
      ["To", "<sip:cfs.ims.test>"],
      ["Call-ID", "c"],
      ["CSeq", "1 SUBSCRIBE"],
    ],
  });
  readonly source = {
    protocol: "udp",
    address: { host: "127.0.0.1", port: 5060 },
    local: { host: "127.0.0.1", port: 5061 },
    connection: null,
  } as const;

  respond(response: SipResponse): void {
    this.sent.push(response);
  }

  answer(status: number): SipResponse {
    return buildResponse(this.request, status, { toTag: "t" });
  }
}

function open() {
  const taken: ServerTransaction[] = [];
  const requests = new OpenRequests(
    { request: (transaction) => void taken.push(transaction), ack: () => undefined },
    () => "tag",
  );
  return { requests, taken };
}

/** True when the promise has settled by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);
}

test("drain waits for final responses, not for provisional ones; what comes later gets 503 with Retry-After", async () => {
  const { requests, taken } = open();
  const [first, second, late] = [new FakeTransaction(), new FakeTransaction(), new FakeTransaction()];
  requests.request(first);
  requests.request(second);
  const drained = requests.drain();
  requests.request(late);
  assert.equal(late.sent[0]?.status, 503);
  assert.equal(late.sent[0]?.headers.get("Retry-After"), "2");
  assert.equal(taken.length, 2);
  taken[0]?.respond(first.answer(100));
  taken[0]?.respond(first.answer(200));
  assert.deepEqual(
    first.sent.map(({ status }) => status),
    [100, 200],
  );
  assert.equal(await isDone(drained), false);
  taken[1]?.respond(second.answer(403));
  assert.equal(await isDone(drained), true);
});

test("a transaction that ends without an answer is not waited for; its user still hears of the end", async () => {
  const { requests, taken } = open();
  const transaction = new FakeTransaction();
  requests.request(transaction);
  const ends: string[] = [];
  const [watched] = taken;
  assert.ok(watched);
  watched.onEnd = (cause) => ends.push(cause);
  const drained = requests.drain();
  assert.equal(await isDone(drained), false);
  transaction.onEnd?.("timeout");
  assert.equal(await isDone(drained), true);
  assert.deepEqual(ends, ["timeout"]);
});

test("nothing open: drained at once", async () => {
  const { requests } = open();
  assert.equal(await isDone(requests.drain()), true);
});
