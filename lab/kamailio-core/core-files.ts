// The configuration of the real core, written into the run folder from what the lab's elements are started with.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTsigKeyFile } from "@liquid-ims/dns/tsig-key";
import type { ElementSpecs } from "../element.ts";
import type { HssPeer } from "../ims-core/cx-client.ts";
import { type Element, homeDomain, type Topology } from "../topology.ts";
import { fillTemplate } from "./template.ts";
import { formatZone } from "./zone-file.ts";

export type CscfKind = "p-cscf" | "i-cscf" | "s-cscf";

export interface CscfWishes {
  /** Of a P-CSCF: it writes a flow's address into Contact (nathelper's add_contact_alias). Default false. */
  readonly addContactAlias?: boolean;
  /** Of an S-CSCF: CFSs that it calls, and takes RTR and PPR from. Default none. */
  readonly controllers?: readonly HssPeer[];
}

/** Lines of the diameter peer's configuration. */
function peerLines(peers: readonly HssPeer[], localHost: string): string {
  const lines = peers.map(
    ({ originHost, address }) =>
      `\t<Peer FQDN="${originHost}" Realm="${homeDomain}" port="${address.port}" src_addr="${localHost}"/>\n`,
  );
  return lines.join("");
}

export interface CoreFiles {
  /** Writes what BIND needs and gives the name of its configuration. */
  nameServer(element: Element, spec: ElementSpecs["dns"]): string;
  /** Writes what a CSCF needs and gives the name of its configuration. */
  cscf(kind: CscfKind, element: Element, wishes?: CscfWishes): string;
}

/** A table of db_text: names and types of the columns, then a row a line, `:` between its members. */
function textTable(columns: string, rows: readonly (readonly (string | number)[])[]): string {
  const lines = rows.map((row) => row.map((value) => String(value).replaceAll(":", "\\:")).join(":"));
  return `${[columns, ...lines].join("\n")}\n`;
}

/** One alternative an address, without a backslash. */
function anyOf(hosts: readonly string[]): string {
  return `^(${hosts.map((host) => host.replaceAll(".", "[.]")).join("|")})$`;
}

/** Keys of the zone as BIND includes them; readable by this user only. RFC 8945. */
export const keyFile = "zone.key";

function formatKey(name: string): string {
  const secret = randomBytes(32).toString("base64");
  return `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`;
}

/** Throws for a key file that cannot be read: whoever starts the lab wrote it. */
function keyNames(text: string): string[] {
  const read = parseTsigKeyFile(text);
  if (!read.ok) throw new Error(`keys of the zone, line ${read.line}: ${read.detail}`);
  return read.keys.map((key) => key.name);
}

export interface CoreFilesOptions {
  /** Absolute; made when it is missing. */
  readonly folder: string;
  readonly topology: Topology;
  readonly debug: boolean;
}

export function createCoreFiles({ folder, topology, debug }: CoreFilesOptions): CoreFiles {
  const { sCscfs, hss, cfs } = topology;
  mkdirSync(folder, { recursive: true });

  function write(name: string, text: string, mode = 0o644): string {
    writeFileSync(join(folder, name), text, { mode });
    return name;
  }

  function writeServerList(): void {
    const list = "s-cscf-list";
    mkdirSync(join(folder, list), { recursive: true });
    write(
      join(list, "s_cscf"),
      textTable(
        "id(int) name(string) s_cscf_uri(string)",
        sCscfs.map(({ name, uri }, index) => [index + 1, name, uri]),
      ),
    );
    write(
      join(list, "s_cscf_capabilities"),
      textTable(
        "id(int) id_s_cscf(int) capability(int)",
        sCscfs.map((_element, index) => [index + 1, index + 1, 1]),
      ),
    );
    write(join(list, "nds_trusted_domains"), textTable("id(int) trusted_domain(string)", [[1, homeDomain]]));
  }

  return {
    nameServer({ fqdn, address }, { zone, keys, updaters }) {
      // Who may change the zone has a key; where the lab hands out none, the name server gets one that nobody uses.
      const text = keys ?? formatKey("cfs-key");
      const names = keyNames(text);
      write(keyFile, text, 0o600);
      write(`${homeDomain}.zone`, formatZone(homeDomain, fqdn, zone));
      const { host, port } = address;
      return write(
        "named.conf",
        fillTemplate("named.conf", {
          ...{ folder, domain: homeDomain, host, port, keyFile },
          readers: names.map((name) => `key "${name}";`).join(" "),
          updaters: (updaters ?? names).map((name) => `grant "${name}" zonesub ANY;`).join(" "),
        }),
      );
    },
    cscf(kind, { name, fqdn, uri, address }, { addContactAlias = false, controllers = [] } = {}) {
      const core = [...topology.pCscfs, ...topology.iCscfs, ...sCscfs, cfs].map((one) => one.address.host);
      const values = {
        ...{ folder, name, fqdn, uri, domain: homeDomain, debug: debug ? 2 : 1 },
        ...{ host: address.host, port: address.port, hss: hss.fqdn, hssPort: hss.address.port },
        controllers: peerLines(controllers, address.host),
        coreHosts: anyOf(core),
        definitions: addContactAlias ? "#!define WITH_ALIAS" : "",
      };
      write(`${name}-common.cfg`, fillTemplate("common.cfg", values));
      if (kind !== "p-cscf") write(`${name}-diameter.xml`, fillTemplate("diameter.xml", values));
      if (kind === "i-cscf") writeServerList();
      return write(`${name}.cfg`, fillTemplate(`${kind}.cfg`, values));
    },
  };
}
