/** Says what time it is. */
export type Clock = () => Date;

/** This machine's time: the only place where the command asks for it. */
export const systemClock: Clock = () => new Date();
