// The bench of transfer tests with the world of a change of S-CSCF around it, and what must be true in every end.
import assert from "node:assert/strict";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import type { UserLine } from "@liquid-ims/reference-points/os-cfs";
import { Bench, s1, s2 } from "../bench.ts";
import { type Device, SWorld } from "./s-world.ts";

export const cx = {
  originHost: "cfs.home",
  originRealm: "home",
  destinationRealm: "home",
  peers: [{ host: "hss.home", address: { host: "192.0.2.30", port: 3868 } }],
} as const;

export interface SBench {
  readonly bench: Bench;
  readonly world: SWorld;
}

export function openSBench(seed = 1, config: Partial<CfsConfig> = {}): SBench {
  const made: SWorld[] = [];
  const bench = new Bench({
    seed,
    config: { cx, ...config },
    script(simulation, host, rows) {
      const world = new SWorld(simulation, host, rows);
      made.push(world);
      return world;
    },
  });
  const [world] = made;
  assert.ok(world !== undefined);
  return { bench, world };
}

/** Everybody leaves S-CSCF 1 for S-CSCF 2, once. */
export const leave = {
  function: s1,
  load: 0.001,
  targets: [{ function: s2 }],
  reason: "maintenance",
} as const;

export function lineOf({ users }: TransferResource, device: Device): UserLine {
  const found = users.find(({ user }) => user === device.impu);
  assert.ok(found !== undefined, device.impu);
  return found;
}

/** The HSS's name, the record and the device agree, and nothing is pending: the user can be called. */
export function agree(
  { bench, world }: SBench,
  device: Device,
  server: string,
  what = "",
  isPending = false,
): void {
  const [record] = bench.rows.get(device.impu).filter(({ contact }) => contact === device.contact);
  const { server: name, pending } = world.hss.of(device.impi);
  assert.deepEqual(
    { name, pending, record: record?.sCscf, state: record?.state, device: device.sCscf },
    { name: server, pending: isPending, record: server, state: "registered", device: server },
    `${what} ${device.key}`,
  );
}
