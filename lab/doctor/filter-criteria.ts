// Where each HSS keeps the initial filter criterion that sends third-party REGISTERs to the CFD. TS 29.228 B.2.2.
import { type Remedy, remedy } from "./finding.ts";

/** The lines of a criterion: REGISTER of every kind, to the CFD, with the UE's REGISTER in the body. */
export function criterionLines(uri: string): readonly [Remedy, ...Remedy[]] {
  return [
    remedy(
      "FHoSS application_server, spt",
      `server_name '${uri}', default_handling 0, include_register_request 1; spt: method 'REGISTER', registration_type 0`,
    ),
    remedy(
      "PyHSS default_ifc.xml",
      `<SPT><Method>REGISTER</Method></SPT> ... <ServerName>${uri}</ServerName><DefaultHandling>0</DefaultHandling><Extension><IncludeRegisterRequest/></Extension>`,
    ),
    remedy(
      "Open5GS subscriber document",
      `ifc: [{ application_server: { server_name: "${uri}", default_handling: 0 }, trigger_point: { spt: [{ method: "REGISTER" }] } }]`,
    ),
    remedy("lab/hss users.csv", `application-servers: ${uri}`),
  ];
}

/** The lines that put the UE's REGISTER into the body. TS 24.229 5.4.1.7A. */
export const includeRegisterLines: readonly [Remedy, ...Remedy[]] = [
  remedy("FHoSS application_server", "include_register_request 1"),
  remedy(
    "PyHSS default_ifc.xml",
    "<Extension><IncludeRegisterRequest/></Extension> in <ApplicationServer>, without IncludeRegisterResponse",
  ),
];
