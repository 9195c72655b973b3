import { TEXT } from './words.ts';

export const ERROR_BODY = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', description: 'Stable, for programs.' },
        message: { type: 'string', description: 'One sentence for people: what is wrong, with its value and the limit.' },
        field: { ...TEXT, description: 'The field of the request that is wrong, as a path (`vram.max`); `body` for all of it.' },
      },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
} as const;
