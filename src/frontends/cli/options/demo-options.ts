import type { Option } from "./option.ts";

export const demoOptions = [
  {
    name: "keep",
    type: "flag",
    environment: false,
    help: "leave the embedded server running, and say how to connect to it and how to stop it",
  },
] as const satisfies readonly Option[];
