/** No hooks at all: requests keep the numbers Fastify gives them. */
export const tracing = Object.assign(async () => {}, { [Symbol.for("skip-override")]: true });

export const requestContextOf = ({ id }: { readonly id: string }) => ({ requestId: id });

/** No flood is measured without tracing, so these need not do their work, only be there. */
export const requestIdOf = () => "";
export const openTurnedAway = () => ({ traceId: undefined, answered: () => undefined });
