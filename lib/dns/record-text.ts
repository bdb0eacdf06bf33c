// Records as text, in the words of zone files and of nsupdate. RFC 1035 5.1, RFC 2782, RFC 3403, RFC 3597 5.
import type { RecordData } from "./rdata.ts";
import type { Change } from "./update.ts";

/** With its dot at the end, so that no origin is added to it. */
export function absoluteName(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}

/** The data as a zone file has it. */
export function formatRecordData(record: RecordData): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.data;
    case "CNAME":
    case "NS":
      return absoluteName(record.data);
    case "SRV": {
      const { priority, weight, port, target } = record.data;
      return `${priority} ${weight} ${port} ${absoluteName(target)}`;
    }
    case "NAPTR": {
      const { order, preference, flags, service, regexp, replacement } = record.data;
      const texts = [flags, service, regexp].map(quoted).join(" ");
      return `${order} ${preference} ${texts} ${absoluteName(replacement)}`;
    }
    case "TXT":
      return record.data.map(quoted).join(" ");
    default:
      return `\\# ${record.data.length / 2} ${record.data}`;
  }
}

/** A change as a line for nsupdate. */
export function formatChange(change: Change): string {
  const name = absoluteName(change.name);
  switch (change.kind) {
    case "add":
      return `update add ${name} ${change.ttl} ${change.record.type} ${formatRecordData(change.record)}`;
    case "delete-record":
      return `update delete ${name} ${change.record.type} ${formatRecordData(change.record)}`;
    case "delete-rrset":
      return `update delete ${name} ${change.type}`;
    case "delete-name":
      return `update delete ${name}`;
  }
}
