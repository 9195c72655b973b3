import { flag, value, word } from './option.ts';

/** Of every command that asks a host. */
export const HOST = {
  host: value('WHERE', "the host's socket, or its URL with the token in GPUP_HOST_TOKEN (default: GPUP_HOST, or else the socket of this user's host)", word),
} as const;

export const JSON_OUTPUT = { json: flag('print JSON, for programs') } as const;
