// Hosts: names, IPv4 and IPv6 addresses. RFC 3261 25.1 host, RFC 5118 4, RFC 4291 2.2.

/** True for four decimal numbers from 0 to 255, without zeros in front (some read those as octal). */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
  );
}

/** The number of 16-bit groups; -1 when one is no group. An IPv4 address at the end counts as two. */
function countGroups(text: string, mayEndInIpv4: boolean): number {
  if (text === "") return 0;
  const groups = text.split(":");
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(group)) count += 1;
    else if (mayEndInIpv4 && index === groups.length - 1 && isIpv4(group)) count += 2;
    else return -1;
  }
  return count;
}

/** True for an IPv6 address without brackets and zone. */
export function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const gap = text.indexOf("::");
  if (gap < 0) return countGroups(text, true) === 8;
  const before = countGroups(text.slice(0, gap), false);
  const after = countGroups(text.slice(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

/** True for an IP address, IPv6 without brackets. */
export function isIpAddress(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}

const nameCharacters = /^[0-9A-Za-z._-]+$/;

/** A host as written in a URI or Via; gives it without brackets, null when it is none. */
export function parseHost(text: string): string | null {
  if (text.startsWith("[")) {
    const inner = text.slice(1, -1);
    return text.endsWith("]") && isIpv6(inner) ? inner : null;
  }
  // An underscore is no host name (RFC 1123 2.1), but networks use it.
  return nameCharacters.test(text) ? text : null;
}

/** The host as a URI has it: an IPv6 address in brackets. */
export function formatHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Groups of an IPv6 address written in one way, so that equal addresses are equal texts. */
function expandIpv6(text: string): string {
  const gap = text.indexOf("::");
  const groupsOf = (part: string): string[] => {
    if (part === "") return [];
    const groups = part.split(":");
    const last = groups[groups.length - 1] ?? "";
    if (!last.includes(".")) return groups;
    const [a = 0, b = 0, c = 0, d = 0] = last.split(".").map(Number);
    return [...groups.slice(0, -1), (a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  };
  const before = groupsOf(gap < 0 ? text : text.slice(0, gap));
  const after = gap < 0 ? [] : groupsOf(text.slice(gap + 2));
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

/** One text per host: lower case, IPv6 written out. For comparing and for keys. */
export function normalizeHost(host: string): string {
  return isIpv6(host) ? expandIpv6(host) : host.toLowerCase();
}

/** True for the same name (without regard to case) or the same address. */
export function equalHosts(a: string, b: string): boolean {
  return a === b || normalizeHost(a) === normalizeHost(b);
}
