// A second I-CSCF comes and the first one goes while users register: P-CSCFs find them by the home domain's SRV records.
import { elementAt, homeDomain } from "../topology.ts";
import { createScaleExperiment } from "./scale-experiment.ts";

export const iCscfScale = createScaleExperiment({
  name: "i-cscf-scale",
  summary: "a second I-CSCF is added by DNS while users register, the first removed and killed",
  second: "I-CSCF",
  first: ({ iCscfs }) => elementAt(iCscfs, 0),
  title: ({ rate }) =>
    `A second I-CSCF of ${homeDomain} comes and the first goes, under ${rate} registrations a second`,
});
