// The rows of RFC 6733 5.6 and RFC 3539 3.4.1 as text, written by hand; `*` marks rows that the RFC leaves open.
// A state's other events cannot happen there.

export const peerRows = `
Closed              | Start           | I-Snd-Conn-Req                     | Wait-Conn-Ack
Closed              | R-Conn-CER      | R-Accept, Process-CER, R-Snd-CEA   | R-Open
Closed              | Stop            |                                    | Closed *
Wait-Conn-Ack       | I-Rcv-Conn-Ack  | I-Snd-CER                          | Wait-I-CEA
Wait-Conn-Ack       | I-Rcv-Conn-Nack | Cleanup                            | Closed
Wait-Conn-Ack       | R-Conn-CER      | R-Accept, Process-CER              | Wait-Conn-Ack/Elect
Wait-Conn-Ack       | Timeout         | Error                              | Closed
Wait-Conn-Ack       | Stop            | Error                              | Closed *
Wait-I-CEA          | I-Rcv-CEA       | Process-CEA                        | I-Open
Wait-I-CEA          | R-Conn-CER      | R-Accept, Process-CER, Elect       | Wait-Returns
Wait-I-CEA          | I-Peer-Disc     | I-Disc                             | Closed
Wait-I-CEA          | I-Rcv-Non-CEA   | Error                              | Closed
Wait-I-CEA          | Timeout         | Error                              | Closed
Wait-I-CEA          | Stop            | Error                              | Closed *
Wait-Conn-Ack/Elect | I-Rcv-Conn-Ack  | I-Snd-CER, Elect                   | Wait-Returns
Wait-Conn-Ack/Elect | I-Rcv-Conn-Nack | R-Snd-CEA                          | R-Open
Wait-Conn-Ack/Elect | R-Peer-Disc     | R-Disc                             | Wait-Conn-Ack
Wait-Conn-Ack/Elect | R-Conn-CER      | R-Reject                           | Wait-Conn-Ack/Elect
Wait-Conn-Ack/Elect | Timeout         | Error                              | Closed
Wait-Conn-Ack/Elect | Stop            | Error                              | Closed *
Wait-Returns        | Win-Election    | I-Disc, R-Snd-CEA                  | R-Open
Wait-Returns        | I-Peer-Disc     | I-Disc, R-Snd-CEA                  | R-Open
Wait-Returns        | I-Rcv-CEA       | Process-CEA, R-Disc                | I-Open
Wait-Returns        | R-Peer-Disc     | R-Disc                             | Wait-I-CEA
Wait-Returns        | R-Conn-CER      | R-Reject                           | Wait-Returns
Wait-Returns        | Timeout         | Error                              | Closed
Wait-Returns        | I-Rcv-Non-CEA   | I-Disc, R-Snd-CEA                  | R-Open *
Wait-Returns        | Stop            | Error                              | Closed *
R-Open              | Send-Message    | R-Snd-Message                      | R-Open
R-Open              | R-Rcv-Message   | Process                            | R-Open
R-Open              | R-Rcv-DWR       | Process-DWR, R-Snd-DWA             | R-Open
R-Open              | R-Rcv-DWA       | Process-DWA                        | R-Open
R-Open              | R-Conn-CER      | R-Reject                           | R-Open
R-Open              | Stop            | R-Snd-DPR                          | Closing
R-Open              | R-Rcv-DPR       | R-Snd-DPA                          | Closing
R-Open              | R-Peer-Disc     | R-Disc                             | Closed
I-Open              | Send-Message    | I-Snd-Message                      | I-Open
I-Open              | I-Rcv-Message   | Process                            | I-Open
I-Open              | I-Rcv-DWR       | Process-DWR, I-Snd-DWA             | I-Open
I-Open              | I-Rcv-DWA       | Process-DWA                        | I-Open
I-Open              | R-Conn-CER      | R-Reject                           | I-Open
I-Open              | Stop            | I-Snd-DPR                          | Closing
I-Open              | I-Rcv-DPR       | I-Snd-DPA                          | Closing
I-Open              | I-Peer-Disc     | I-Disc                             | Closed
Closing             | I-Rcv-DPA       | I-Disc                             | Closed
Closing             | R-Rcv-DPA       | R-Disc                             | Closed
Closing             | Timeout         | Error                              | Closed
Closing             | I-Peer-Disc     | I-Disc                             | Closed
Closing             | R-Peer-Disc     | R-Disc                             | Closed
Closing             | Stop            |                                    | Closing *
Closing             | R-Conn-CER      | R-Reject                           | Closing *
Closing             | I-Rcv-DPR       | I-Snd-DPA                          | Closing *
Closing             | R-Rcv-DPR       | R-Snd-DPA                          | Closing *
Closing             | I-Rcv-DWR       | Process-DWR, I-Snd-DWA             | Closing *
Closing             | R-Rcv-DWR       | Process-DWR, R-Snd-DWA             | Closing *
Closing             | I-Rcv-DWA       | Process-DWA                        | Closing *
Closing             | R-Rcv-DWA       | Process-DWA                        | Closing *
Closing             | I-Rcv-Message   | Process                            | Closing *
Closing             | R-Rcv-Message   | Process                            | Closing *
`;

export const peerEvents = [
  "Start",
  "Stop",
  "Timeout",
  "Win-Election",
  "Send-Message",
  "R-Conn-CER",
  "I-Rcv-Conn-Ack",
  "I-Rcv-Conn-Nack",
  "I-Rcv-CEA",
  "I-Rcv-Non-CEA",
  "I-Peer-Disc",
  "I-Rcv-DPR",
  "I-Rcv-DPA",
  "I-Rcv-DWR",
  "I-Rcv-DWA",
  "I-Rcv-Message",
  "R-Peer-Disc",
  "R-Rcv-DPR",
  "R-Rcv-DPA",
  "R-Rcv-DWR",
  "R-Rcv-DWA",
  "R-Rcv-Message",
];

export const watchdogRows = `
INITIAL | Connection up                        | SetWatchdog()                                              | OKAY
INITIAL | Receive DWA                          | Pending = FALSE, Throwaway()                               | INITIAL
INITIAL | Receive non-DWA                      | Throwaway()                                                | INITIAL
INITIAL | Timer expires & !Pending             | AttemptOpen(), SetWatchdog()                               | INITIAL
OKAY    | Receive DWA                          | Pending = FALSE, SetWatchdog()                             | OKAY
OKAY    | Receive non-DWA                      | SetWatchdog()                                              | OKAY
OKAY    | Timer expires & !Pending             | SendWatchdog(), SetWatchdog(), Pending = TRUE              | OKAY
OKAY    | Timer expires & Pending              | Failover(), SetWatchdog()                                  | SUSPECT
OKAY    | Connection down                      | CloseConnection(), Failover(), SetWatchdog()               | DOWN
SUSPECT | Receive DWA                          | Pending = FALSE, Failback(), SetWatchdog()                 | OKAY
SUSPECT | Receive non-DWA                      | Failback(), SetWatchdog()                                  | OKAY
SUSPECT | Timer expires & !Pending             | CloseConnection(), SetWatchdog()                           | DOWN
SUSPECT | Timer expires & Pending              | CloseConnection(), SetWatchdog()                           | DOWN
SUSPECT | Connection down                      | CloseConnection(), SetWatchdog()                           | DOWN
DOWN    | Connection up                        | NumDWA = 0, SendWatchdog(), SetWatchdog(), Pending = TRUE  | REOPEN
DOWN    | Receive DWA                          | Pending = FALSE, Throwaway()                               | DOWN
DOWN    | Receive non-DWA                      | Throwaway()                                                | DOWN
DOWN    | Timer expires & !Pending             | AttemptOpen(), SetWatchdog()                               | DOWN
DOWN    | Timer expires & Pending              | AttemptOpen(), SetWatchdog()                               | DOWN
REOPEN  | Receive DWA                          | Pending = FALSE, NumDWA++                                  | REOPEN
REOPEN  | Receive DWA & NumDWA == 2            | Pending = FALSE, NumDWA++, Failback()                      | OKAY
REOPEN  | Receive non-DWA                      | Throwaway()                                                | REOPEN
REOPEN  | Timer expires & !Pending             | SendWatchdog(), SetWatchdog(), Pending = TRUE              | REOPEN
REOPEN  | Timer expires & Pending              | NumDWA = -1, SetWatchdog()                                 | REOPEN
REOPEN  | Timer expires & Pending & NumDWA < 0 | CloseConnection(), SetWatchdog()                           | DOWN
REOPEN  | Connection down                      | CloseConnection(), SetWatchdog()                           | DOWN
`;

export const watchdogEvents = [
  "Connection up",
  "Connection down",
  "Receive DWA",
  "Receive DWA & NumDWA == 2",
  "Receive non-DWA",
  "Timer expires & !Pending",
  "Timer expires & Pending",
  "Timer expires & Pending & NumDWA < 0",
];

interface ExpectedRow {
  readonly next: string;
  readonly actions: readonly string[];
}

/** The whole table: null where no row says anything. */
export function expectedTable(
  rows: string,
  events: readonly string[],
): Record<string, Record<string, ExpectedRow | null>> {
  const table: Record<string, Record<string, ExpectedRow | null>> = {};
  for (const line of rows.trim().split("\n")) {
    const [state = "", event = "", actions = "", next = ""] = line.split(" | ").map((cell) => cell.trim());
    if (!events.includes(event)) throw new Error(`no such event: ${event}`);
    const cells = table[state] ?? Object.fromEntries(events.map((one) => [one, null]));
    cells[event] = {
      next: next.replace(" *", ""),
      actions: actions === "" ? [] : actions.split(", "),
    };
    table[state] = cells;
  }
  return table;
}
