// A second CFD comes and the first one goes while users register: S-CSCFs find them by the SRV records of the application
// server's name; both write the same location service.
import { elementAt, homeDomain } from "../topology.ts";
import { createScaleExperiment } from "./scale-experiment.ts";

export const cfdScale = createScaleExperiment({
  name: "cfd-scale",
  summary: "a second CFD is added by DNS while users register, the first removed and killed",
  second: "CFD",
  first: ({ cfds }) => elementAt(cfds, 0),
  title: ({ rate }) =>
    `A second CFD of ${homeDomain} comes and the first goes, under ${rate} registrations a second`,
});
