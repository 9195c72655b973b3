/** Names the defect that a process is started with. */
export const DEFECT_VARIABLE = 'GPUP_FUZZ_DEFECT';
