import type { RotationRequest, TokenRequest } from '@gpup/pf/access';
import { badField, fieldsOf, textOf, wholeNumberOf, wordOf } from '@gpup/pf/fields';
import { PF_LIMITS } from '@gpup/pf';
import { TENANT_NAME } from '@gpup/pf/partitions';
import { ROLES, TOKEN_NAME } from './tokens-file.ts';

/** Unknown JSON in; throws a Refusal that names the field. */
export function decodeTokenRequest(value: unknown): TokenRequest {
  const { role, tenant, name } = fieldsOf(value, '', ['role', 'tenant', 'name']);
  const request = {
    role: wordOf(role, 'role', ROLES),
    ...(tenant === undefined ? {} : { tenant: textOf(tenant, 'tenant', TENANT_NAME) }),
    ...(name === undefined ? {} : { name: textOf(name, 'name', TOKEN_NAME) }),
  };
  if (request.role === 'tenant' && request.tenant === undefined) throw badField('tenant', undefined, 'must be there with the role "tenant"');
  if (request.role === 'operator' && request.tenant !== undefined) throw badField('tenant', request.tenant, 'does not go with the role "operator"');
  return request;
}

export function decodeRotation(value: unknown): Required<RotationRequest> {
  const { graceMs = PF_LIMITS.tokenGraceMsDefault } = fieldsOf(value, '', ['graceMs']);
  return { graceMs: wholeNumberOf(graceMs, 'graceMs', { min: 0, max: PF_LIMITS.tokenGraceMsMax, unit: 'ms' }) };
}
