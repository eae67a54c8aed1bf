export const shutdownTracing = async (): Promise<void> => {};
