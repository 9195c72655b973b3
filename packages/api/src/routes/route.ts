import type { Caller } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import type { ObjectSchema, Schema, TypeOf } from '../schemas/schema.ts';
import type { ApiCode } from '../statuses.ts';
import { checkOf } from '../validation.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What a request brings, before anybody has looked at it. */
export interface Parts {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** What the document says of a route, and what the server needs to answer it. */
export interface Route {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/partitions/{name}`. */
  readonly path: string;
  /** A stable name for generators of clients. */
  readonly id: string;
  readonly summary: string;
  readonly params: ObjectSchema | undefined;
  readonly query: ObjectSchema | undefined;
  readonly body: ObjectSchema | undefined;
  /** What the path names that may be a tenant's: `{name}` of a partition, `{id}` of a context. */
  readonly names: 'partition' | 'context' | undefined;
  readonly answer: Answer;
  /** The host's refusals that it can end in; those of the API itself are the same for all. */
  readonly refusals: readonly ApiCode[];
  /** Checks what the path names. Throws an `ApiError`. */
  paramsOf(parts: Parts): Readonly<Record<string, unknown>>;
  /** Checks the rest of the parts. Throws an `ApiError`. */
  prepare(parts: Parts, caller: Caller): Prepared;
}

/** A request that is right as far as its form goes. */
export interface Prepared {
  /** All that is asked for besides what the path names: for the audit log. */
  readonly asked: object;
  /** Asks the host, and returns the answer's body. Throws an `ApiError` or a `Refusal`. */
  perform(actions: PfActions): Promise<unknown>;
}

export type Answer =
  | { readonly status: 200 | 201; readonly schema: Schema; readonly description: string }
  | { readonly status: 204; readonly description: string }
  | { readonly status: 200; readonly text: string; readonly description: string };

const NONE = { type: 'object', properties: {}, required: [], additionalProperties: false } as const;
type Nothing = typeof NONE;
type ValueOf<A extends Answer> = A extends { readonly schema: infer S } ? TypeOf<S> : A extends { readonly text: string } ? string : undefined;

interface Description<Params extends ObjectSchema, Query extends ObjectSchema, Body extends ObjectSchema, Given extends Answer> {
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly names?: 'partition' | 'context';
  readonly answer: Given;
  readonly refusals?: readonly ApiCode[];
  handle(actions: PfActions, parts: { readonly params: TypeOf<Params>; readonly query: TypeOf<Query>; readonly body: TypeOf<Body>; readonly caller: Caller }): ValueOf<Given> | Promise<ValueOf<Given>>;
}

/** A route whose handler gets only what its schemas let through, and can only answer what its schema promises. */
export function route<
  const Given extends Answer,
  const Params extends ObjectSchema = Nothing,
  const Query extends ObjectSchema = Nothing,
  const Body extends ObjectSchema = Nothing,
>(description: Description<Params, Query, Body, Given>): Route {
  const { params, query, body, names, refusals = [], handle } = description;
  const checkParams = checkOf(params ?? NONE, 'url');
  const checkQuery = checkOf(query ?? NONE, 'url');
  const checkBody = checkOf(body ?? NONE, 'body');
  const { method, path, id, summary, answer } = description;
  return {
    method, path, id, summary, params, query, body, names, answer, refusals,
    paramsOf: (parts) => checkParams(parts.params) as Readonly<Record<string, unknown>>,
    prepare: (parts, caller) => {
      // The only casts: a schema's check gives its type.
      const checked = {
        params: checkParams(parts.params) as TypeOf<Params>,
        query: checkQuery(parts.query) as TypeOf<Query>,
        // A request that needs no body may come without one.
        body: checkBody(parts.body ?? (body === undefined ? {} : undefined)) as TypeOf<Body>,
        caller,
      };
      return { asked: { ...(checked.query as object), ...(checked.body as object) }, perform: async (actions) => await handle(actions, checked) };
    },
  };
}
