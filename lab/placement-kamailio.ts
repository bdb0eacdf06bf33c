// The real core: Kamailio CSCFs and BIND as children of the lab, which has a network of its own; what is Liquid IMS's
// own, and the HSS, run in the lab's process. The trace is what was on the wire.

import type { ElementKind, ElementSpecs } from "./element.ts";
import { type Capture, startCapture } from "./kamailio-core/capture.ts";
import { type CoreChild, startProgram } from "./kamailio-core/child.ts";
import {
  type CoreFiles,
  type CscfKind,
  type CscfWishes,
  createCoreFiles,
} from "./kamailio-core/core-files.ts";
import { useShortPorts, withOwnTemporary } from "./kamailio-core/namespace.ts";
import { answersOptions, answersQuery, isPeerOpen } from "./kamailio-core/probes.ts";
import type { PlacedElement, Placement } from "./placement.ts";
import type { Element, Topology } from "./topology.ts";
import type { Trace } from "./trace.ts";

export interface KamailioPlacementOptions {
  readonly topology: Topology;
  /** Absolute, there and empty. Configurations and logs stay there. */
  readonly folder: string;
  /** For what is not of the real core. */
  readonly own: Placement;
  /** Null: nothing is captured. */
  readonly trace: Trace | null;
  readonly debug: boolean;
  /** A program failed after it was ready, or ended without having been killed. */
  crashed(error: Error): void;
}

/** Shared memory of an S-CSCF in MiB: with 48, 200 moves at once run it out. */
const sharedMemory = { "p-cscf": 64, "i-cscf": 64, "s-cscf": 256 } as const;

function isCscf(kind: ElementKind): kind is CscfKind {
  return kind === "p-cscf" || kind === "i-cscf" || kind === "s-cscf";
}

export function createKamailioPlacement(options: KamailioPlacementOptions): Placement {
  const { folder, own, topology, trace, crashed } = options;
  const children = new Set<CoreChild>();
  let begun: Promise<{ capture: Capture | null; files: CoreFiles }> | null = null;

  async function begin(): Promise<{ capture: Capture | null; files: CoreFiles }> {
    const files = createCoreFiles({ folder, topology, debug: options.debug });
    if (trace === null) return { capture: null, files };
    const capture = await startCapture({
      cx: topology.hss.address,
      without: topology.osCfs,
      heard: trace.sentAt,
      failed: crashed,
    });
    return { capture, files };
  }

  function start(name: string, program: string, argv: readonly string[]): CoreChild {
    const child = startProgram({ name, program, argv, folder, ended: crashed });
    children.add(child);
    return child;
  }

  async function startNameServer(
    files: CoreFiles,
    element: Element,
    spec: ElementSpecs["dns"],
  ): Promise<CoreChild> {
    const child = start(element.name, "named", ["-g", "-c", `${folder}/${files.nameServer(element, spec)}`]);
    await child.readyWhen("an answer to a query", () => answersQuery(element.address, element.fqdn));
    return child;
  }

  async function startCscf(
    files: CoreFiles,
    kind: CscfKind,
    element: Element,
    wishes: CscfWishes,
  ): Promise<CoreChild> {
    const { name, fqdn, address } = element;
    if (wishes.addContactAlias === true) useShortPorts();
    const file = `${folder}/${files.cscf(kind, element, wishes)}`;
    const argv = [
      "-f",
      file,
      "-DD",
      "-E",
      "-m",
      String(sharedMemory[kind]),
      "-M",
      "16",
      "-w",
      folder,
      "-Y",
      folder,
    ];
    const inside = withOwnTemporary(folder, "kamailio", argv);
    const child = start(name, inside.program, inside.argv);
    await child.readyWhen("an answer to OPTIONS", () => answersOptions(address, fqdn));
    if (kind !== "p-cscf") await child.readyWhen("its connection to the HSS", () => isPeerOpen(folder, name));
    return child;
  }

  return {
    async place(kind, element, spec): Promise<PlacedElement> {
      begun ??= begin();
      const { files } = await begun;
      if (kind === "dns") return startNameServer(files, element, spec as ElementSpecs["dns"]);
      if (kind === "p-cscf") return startCscf(files, kind, element, spec as ElementSpecs["p-cscf"]);
      if (kind === "s-cscf") return startCscf(files, kind, element, spec as ElementSpecs["s-cscf"]);
      if (isCscf(kind)) return startCscf(files, kind, element, {});
      return own.place(kind, element, spec);
    },
    async settle() {
      await own.settle();
      await (await begun)?.capture?.settle();
    },
    async close() {
      for (const child of children) child.kill();
      await Promise.all([...children].map((child) => child.gone));
      await own.close();
      if (begun !== null) (await begun).capture?.close();
    },
  };
}
