// The state machines of lib/diameter.
import { peerState } from "@liquid-ims/diameter/peer/peer-state";
import { watchdogTable } from "@liquid-ims/diameter/peer/watchdog";
import { type Machine, namesIn, statesOf } from "./machine.ts";

const peerFile = "lib/diameter/peer/peer-state.ts";
const watchdogFile = "lib/diameter/peer/watchdog.ts";

export const diameterMachines: readonly Machine[] = [
  {
    page: "diameter-peer",
    title: "Diameter peer",
    source: peerFile,
    clause: "RFC 6733 5.6",
    about:
      "I is the connection that this node initiated, R the one that the peer initiated. Both may come up at once: then " +
      "the node with the higher identity wins the election and closes the connection that it initiated (5.6.4). " +
      "`I-Rcv-Non-CEA` is also a CEA that refuses, or one of another node. `Cleanup` forgets a connection that did not " +
      "come up, `Error` drops all connections, `Elect` may issue Win-Election. Stop in states without an open " +
      "connection, a second CER and messages in Closing, and a refused CEA during an election are rows of our own: the " +
      "RFC leaves them open.",
    starts: [{ next: "Closed", label: "" }],
    states: statesOf(peerState),
    meanings: namesIn(peerFile, "PeerState", "PeerEvent", "PeerAction"),
  },
  {
    page: "diameter-watchdog",
    title: "Watchdog of a Diameter peer",
    source: watchdogFile,
    clause: "RFC 3539 3.4.1 · RFC 6733 5.5",
    about:
      "Pending: a DWR is unanswered. NumDWA: answers since the connection came back, -1 after one was missed. A message " +
      "in REOPEN is no sign of life, and is processed all the same.",
    starts: [{ next: "INITIAL", label: "" }],
    states: statesOf(watchdogTable),
    meanings: namesIn(watchdogFile, "WatchdogState", "WatchdogEvent", "WatchdogAction"),
  },
];
