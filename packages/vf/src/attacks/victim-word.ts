export const VICTIM_WORD = 0x5ec2e7;
