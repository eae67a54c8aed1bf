/** Loaded first into every process that a drill starts: a drill that dies leaves none behind, and nothing in them is worth finishing. */
process.once("disconnect", () => process.exit(0)); // a service knows no parent, so nothing softer reaches it
