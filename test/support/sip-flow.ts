// Reads call flows: a YAML list of literal blocks (`- |+`), one message each, indented by two. Nothing else of
// YAML is understood.

/** The messages of a flow, with CRLF. Empty lines behind a message stay with it; a head without end gets one. */
export function readFlow(text: string): string[] {
  const messages: string[][] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line.startsWith("#")) continue;
    if (line === "- |+" || line === "- |") messages.push([]);
    else if (line.startsWith("  ") || line === "") messages.at(-1)?.push(line.slice(2));
    else throw new Error(`flow: line ${JSON.stringify(line)} is no part of a block`);
  }
  return messages.map((lines) => {
    const whole = lines.map((line) => `${line}\r\n`).join("");
    return whole.includes("\r\n\r\n") ? whole : `${whole}\r\n`;
  });
}
