import { clusterRoundTrip } from "./cluster-suite.ts";

clusterRoundTrip(18);
