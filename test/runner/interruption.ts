import { endTogether } from "../../sandbox/process";

// In every process that runs tests: hooks that would stop what they have started are not run when a signal ends it.
endTogether();
