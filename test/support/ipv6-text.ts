// What a SIP message on IPv6 must not have: address literals without brackets where RFC 3261 25.1 wants them, and IPv4.

/** `host` or `host:port` of RFC 3261 25.1: an IPv6 address is an IPv6reference. */
const hostPort = /^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::\d{1,5})?$/;

/**
 * Every place of a SIP message, its body included, that is wrong on a network of IPv6 only; empty when there is none.
 * `received` is an address without brackets by its grammar and is not looked at.
 */
export function wrongOnIpv6(message: string): string[] {
  const wrong: string[] = [];
  for (const [text, where = ""] of message.matchAll(/\bsips?:(?:[^@\s<>"]*@)?([^\s;>?,"]*)/gi))
    if (!hostPort.test(where)) wrong.push(text);
  for (const [line, sentBy = ""] of message.matchAll(
    /^(?:Via|v)\s*:\s*SIP\s*\/\s*2\.0\s*\/\s*\w+\s+([^;\r\n]*)/gim,
  ))
    if (!hostPort.test(sentBy.trim())) wrong.push(line);
  for (const [text, where = ""] of message.matchAll(/\bicid-generated-at=([^;\s]*)/gi))
    if (!hostPort.test(where)) wrong.push(text);
  for (const [line] of message.matchAll(/^[co]=.*\bIN IP(?!6 [0-9A-Fa-f:.]+\r?$).*$/gm)) wrong.push(line);
  for (const [text] of message.matchAll(/\b127\.\d+\.\d+\.\d+\b/g)) wrong.push(text);
  return wrong;
}

/** Via values whose sent-by is an IPv6 address: that there is something to be right about. */
export function countIpv6Vias(message: string): number {
  return [...message.matchAll(/^Via: SIP\/2\.0\/(?:UDP|TCP) \[[0-9a-f:]+\]:\d+;/gim)].length;
}
