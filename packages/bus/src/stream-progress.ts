/**
 * A byte stream has no header to read progress from: the host sends it as two words, the value and a
 * mark where a packet has its length. No packet is that short.
 */
export const PROGRESS_COMPLETED = 0;
