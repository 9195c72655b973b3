/** An argument of the process that plays packets on Dawn. */
export const EVERY_CALL_DIRECT = 'every-call-direct';
