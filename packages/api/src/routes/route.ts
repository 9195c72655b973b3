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
  readonly answer: Answer;
  /** The host's refusals that it can end in; those of the API itself are the same for all. */
  readonly refusals: readonly ApiCode[];
  /** Checks the parts, asks the host, and returns the answer's body. Throws an `ApiError` or a `Refusal`. */
  handle(actions: PfActions, parts: Parts): Promise<unknown>;
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
  readonly answer: Given;
  readonly refusals?: readonly ApiCode[];
  handle(actions: PfActions, parts: { readonly params: TypeOf<Params>; readonly query: TypeOf<Query>; readonly body: TypeOf<Body> }): ValueOf<Given> | Promise<ValueOf<Given>>;
}

/** A route whose handler gets only what its schemas let through, and can only answer what its schema promises. */
export function route<
  const Given extends Answer,
  const Params extends ObjectSchema = Nothing,
  const Query extends ObjectSchema = Nothing,
  const Body extends ObjectSchema = Nothing,
>(description: Description<Params, Query, Body, Given>): Route {
  const { params, query, body, refusals = [] } = description;
  const checkParams = checkOf(params ?? NONE, 'url');
  const checkQuery = checkOf(query ?? NONE, 'url');
  const checkBody = checkOf(body ?? NONE, 'body');
  return {
    ...description,
    params,
    query,
    body,
    refusals,
    handle: async (actions, parts) =>
      await description.handle(actions, {
        // The only casts: a schema's check gives its type.
        params: checkParams(parts.params) as TypeOf<Params>,
        query: checkQuery(parts.query) as TypeOf<Query>,
        // A request that needs no body may come without one.
        body: checkBody(parts.body ?? (body === undefined ? {} : undefined)) as TypeOf<Body>,
      }),
  };
}
