// Settings of Cx: the CFS as a Diameter node, the HSS's own interface, S-CSCFs that RTR and PPR go on to.
import { ipAddress, milliseconds, portNumber, text } from "@liquid-ims/program/settings";
import { Type } from "typebox";

export const cxSetting = Type.Object(
  {
    originHost: text({ description: "Diameter identity of this CFS", examples: ["cfs.ims.test"] }),
    originRealm: text({ description: "Its realm", examples: ["ims.test"] }),
    listen: Type.Optional(
      Type.Object(
        {
          host: ipAddress({ description: "Address of this machine, IPv6 without brackets" }),
          port: portNumber({ examples: [3868] }),
        },
        {
          additionalProperties: false,
          description: "Where Diameter peers may connect (TCP)",
          otherwise: "the CFS only connects itself",
          examples: [{ host: "127.0.0.1", port: 3868 }],
        },
      ),
    ),
    destinationRealm: text({ description: "Realm of the HSS", examples: ["ims.test"] }),
    destinationHost: Type.Optional(
      text({
        description: "Diameter identity of the HSS",
        otherwise: "any peer of destinationRealm",
        examples: ["hss.ims.test"],
      }),
    ),
    peers: Type.Array(
      Type.Object(
        {
          host: text({ description: "Diameter identity of the peer", examples: ["hss.ims.test"] }),
          address: Type.Object(
            {
              host: ipAddress({ description: "Its address" }),
              port: portNumber({ description: "Its port", default: 3868, examples: [3868], minimum: 1 }),
            },
            {
              additionalProperties: false,
              description: "Where it listens (TCP)",
              examples: [{ host: "127.0.1.30", port: 3868 }],
            },
          ),
          localHost: Type.Optional(
            ipAddress({
              description: "Own address from which it is called, for HSSs that look at it",
              otherwise: "the system chooses",
            }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        description: "Diameter peers to connect to: the HSS, or agents before it",
        minItems: 1,
        examples: [[{ host: "hss.ims.test", address: { host: "127.0.1.30", port: 3868 } }]],
      },
    ),
    authenticationScheme: text({
      description:
        "SIP-Authentication-Scheme of MAR; where users have no AKA: SIP Digest, where some have and others not: Unknown, the HSS chooses",
      default: "Digest-AKAv1-MD5",
      examples: ["SIP Digest"],
    }),
    publicIdentity: Type.Enum(["default", "private"], {
      description:
        "Which public identity of a user MAR, UAR and LIR name: the default one of his record, or private: sip: and his private identity, with which UEs without an ISIM register. It matters where an HSS keeps an S-CSCF for each identity (Open5GS): it has to be the one that is registered",
      default: "default",
      examples: ["default"],
    }),
    marOriginHost: Type.Enum(["own", "previous"], {
      description:
        "Origin-Host of MAR: own, or previous: that of the S-CSCF that the user leaves, so that the HSS cancels nothing there (no RTR). That impersonates a Diameter node",
      default: "own",
      examples: ["own"],
    }),
    cancelsOldServer: Type.Optional(
      Type.Boolean({
        description:
          "The HSS cancels the S-CSCF that a user leaves (RTR), and that one cuts his calls: planned moves wait for the ends of calls. false: not so, whatever was seen in earlier transfers",
        otherwise: "found out by what the LCFs report of their calls",
        examples: [true],
      }),
    ),
    serving: Type.Array(
      Type.Object(
        {
          server: text({
            description: "Server-Name of an S-CSCF, as in functions",
            examples: ["sip:scscf1.ims.test:6060"],
          }),
          host: Type.Optional(
            text({
              description: "Its Diameter identity",
              otherwise: "the host of server",
              examples: ["scscf1.ims.test"],
            }),
          ),
          address: Type.Optional(
            Type.Object(
              {
                host: ipAddress({ description: "Its address" }),
                port: portNumber({ description: "Its port", default: 3868, examples: [3868], minimum: 1 }),
              },
              {
                additionalProperties: false,
                description: "Where it takes Diameter (TCP)",
                otherwise: "it calls the CFS (cx.listen)",
                examples: [{ host: "127.0.1.21", port: 3868 }],
              },
            ),
          ),
          localHost: Type.Optional(
            ipAddress({
              description: "Own address from which it is called",
              otherwise: "the system chooses",
            }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        description:
          "S-CSCFs as Diameter nodes: RTR and PPR that the HSS sends to the CFS, which has written the name last, go on to the one that serves; one that is not named here is reached through an agent of peers, by the host of its Server-Name",
        default: [],
        examples: [[{ server: "sip:scscf1.ims.test:6060", address: { host: "127.0.1.21", port: 3868 } }]],
      },
    ),
    adapter: Type.Optional(
      Type.Object(
        {
          kind: Type.Enum(["pyhss"], { description: "Which HSS it is", examples: ["pyhss"] }),
          url: text({
            description: "Where its REST interface is; ims_subscriber/ is appended",
            pattern: "^https?://[^\\s?#]+$",
            examples: ["http://127.0.1.30:8080"],
          }),
          timeoutMs: milliseconds("Wait for each of its answers", 2_000),
          provisioningKey: Type.Optional(
            text({
              description: "Header Provisioning-Key, where provisioning is locked",
              secret: true,
              otherwise: "no such header",
              examples: ["a-long-key"],
            }),
          ),
        },
        {
          additionalProperties: false,
          description:
            "The interface of an HSS that does not move users on MAR (PyHSS): names of S-CSCFs are written through it, no MAR is sent",
          otherwise: "names are written by MAR",
          examples: [{ kind: "pyhss", url: "http://127.0.1.30:8080" }],
        },
      ),
    ),
    aftercare: Type.Boolean({
      description:
        "Watch users who have moved until their old registration has expired, since some HSSs then forget them; false is for experiments that show the difference",
      default: true,
      examples: [true],
    }),
    requestMs: milliseconds("Wait for the answer to a UAR", 10_000),
    reconnectMs: milliseconds("Between two calls to a peer that is away", 2_000),
  },
  {
    additionalProperties: false,
    description: "Cx to the HSS, for transfers of S-CSCFs (TS 29.228)",
    otherwise: "transfers of an S-CSCF are refused",
    examples: [
      {
        originHost: "cfs.ims.test",
        originRealm: "ims.test",
        destinationRealm: "ims.test",
        peers: [{ host: "hss.ims.test", address: { host: "127.0.1.30", port: 3868 } }],
      },
    ],
  },
);
