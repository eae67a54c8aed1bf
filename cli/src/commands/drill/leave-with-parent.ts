/** Loaded first into every process that a drill starts: a drill that dies leaves none behind. */
process.once("disconnect", () => process.exit(0));
