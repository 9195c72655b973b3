import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ApiError } from './api-error.ts';
import { API_LIMITS } from './limits.ts';
import type { Schema } from './schemas/schema.ts';

/** Returns what came, if it is right; throws an `ApiError` that names the field else. */
export type Check = (value: unknown) => unknown;

// Not `allErrors`: a body of many mistakes is as cheap to refuse as one of a single one.
const forBodies = new Ajv2020({ verbose: true, strictTypes: false });
/** Everything in a URL is a string: `10` counts as an integer there. */
const forUrls = new Ajv2020({ verbose: true, strictTypes: false, coerceTypes: true });

export function checkOf(schema: Schema, source: 'body' | 'url'): Check {
  const validate: ValidateFunction = (source === 'url' ? forUrls : forBodies).compile(schema);
  return (value) => {
    if (validate(value)) return value;
    throw invalid(validate.errors?.[0] as ErrorObject);
  };
}

function invalid(error: ErrorObject): ApiError {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  switch (error.keyword) {
    case 'required': {
      const field = fieldPath([...path, String(error.params['missingProperty'])]);
      return new ApiError('missing-field', `${field} is missing.`, { field });
    }
    case 'additionalProperties': {
      const field = fieldPath([...path, String(error.params['additionalProperty'])]);
      return new ApiError('unknown-field', `${field} is no field of this request.`, { field });
    }
    default: {
      const field = path.length === 0 ? 'body' : fieldPath(path);
      return new ApiError('invalid-value', `${field} (${quote(error.data)}) ${complaint(error)}.`, { field });
    }
  }
}

/** As the host writes it: `baseline.features[2]`. */
function fieldPath(path: readonly string[]): string {
  return path.map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : `${index === 0 ? '' : '.'}${cut(part)}`)).join('');
}

function complaint({ keyword, params, parentSchema }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `is no ${String(params['type'])}`;
    case 'enum':
      return `is none of ${(params['allowedValues'] as readonly string[]).join(', ')}`;
    case 'minimum':
      return `is below the limit (${params['limit']})`;
    case 'exclusiveMinimum':
      return `is not above ${params['limit']}`;
    case 'maximum':
      return `is above the limit (${params['limit']})`;
    case 'minLength':
      return `is shorter than the limit (${params['limit']})`;
    case 'maxLength':
      return `is longer than the limit (${params['limit']})`;
    case 'maxItems':
    case 'maxProperties':
      return `has more entries than the limit (${params['limit']})`;
    case 'propertyNames':
      return `has a name (${quote(params['propertyName'])}) that is none`;
    case 'pattern': {
      const words = (parentSchema as { readonly description?: string } | undefined)?.description;
      return words === undefined ? `does not match ${params['pattern']}` : `is none of these: ${words.replace(/\.$/, '')}`;
    }
    default:
      return `is not right (${keyword})`;
  }
}

function quote(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'nothing');
}

/** A message never repeats a body. */
function cut(text: string): string {
  return text.length <= API_LIMITS.quotedLengthMax ? text : `${text.slice(0, API_LIMITS.quotedLengthMax)}…`;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
