import { API_LIMITS } from '../limits.ts';
import { ALLOCATION_LIST, PARTITION_CHANGE, PARTITION_LIST, PARTITION_REQUEST, PARTITION_VIEW } from '../schemas/partition.ts';
import { request } from '../schemas/schema.ts';
import { PARTITION_NAME } from '../schemas/words.ts';
import { route } from './route.ts';

const BY_NAME = request({ name: PARTITION_NAME }, ['name']);

const REMOVAL_QUERY = request({ force: { type: 'boolean', description: 'End its contexts, rather than refuse while it has some. `?force` alone means true.' } }, []);

const ALLOCATION_QUERY = request(
  {
    count: { type: 'integer', minimum: 1, maximum: API_LIMITS.allocationsMax, description: `This many at most (default ${API_LIMITS.allocationsDefault}).` },
  },
  [],
);

export const PARTITION_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/partitions',
    id: 'partitions',
    summary: 'All partitions, with what they use',
    answer: { status: 200, schema: PARTITION_LIST, description: 'The partitions.' },
    handle: (actions) => ({ partitions: actions.partitions() }),
  }),
  route({
    method: 'POST',
    path: '/v1/partitions',
    id: 'createPartition',
    summary: 'Create a partition',
    body: PARTITION_REQUEST,
    answer: { status: 201, schema: PARTITION_VIEW, description: 'The new partition.' },
    refusals: [
      'unknown-adapter',
      'partition-exists',
      'adapter-dda',
      'vram-exhausted',
      'compute-exhausted',
      'adapter-full',
      'tenants-exhausted',
      'above-adapter',
      'capability-order',
      'encode-unsupported',
      'needs-linked-adapters',
      'bad-field',
      'partition-busy',
      'unknown-escape',
      'unknown-feature',
      'unknown-limit',
      'unknown-size',
    ],
    handle: (actions, { body }) => actions.createPartition(body),
  }),
  route({
    method: 'GET',
    path: '/v1/partitions/{name}',
    id: 'partition',
    summary: 'One partition',
    params: BY_NAME,
    names: 'partition',
    answer: { status: 200, schema: PARTITION_VIEW, description: 'The partition.' },
    refusals: ['unknown-partition'],
    handle: (actions, { params }) => actions.partition(params.name),
  }),
  route({
    method: 'PATCH',
    path: '/v1/partitions/{name}',
    id: 'changePartition',
    summary: 'Change a partition while its guests run',
    params: BY_NAME,
    names: 'partition',
    body: PARTITION_CHANGE,
    answer: { status: 200, schema: PARTITION_VIEW, description: 'The partition as it is now.' },
    refusals: [
      'unknown-partition',
      'partition-busy',
      'vram-exhausted',
      'vram-in-use',
      'compute-exhausted',
      'host-memory-in-use',
      'contexts-in-use',
      'timestamps-in-use',
      'above-adapter',
      'bad-field',
      'capability-order',
      'partition-displaced',
      'unknown-escape',
    ],
    handle: (actions, { params, body }) => actions.changePartition(params.name, body),
  }),
  route({
    method: 'DELETE',
    path: '/v1/partitions/{name}',
    id: 'removePartition',
    summary: 'Remove a partition',
    params: BY_NAME,
    names: 'partition',
    query: REMOVAL_QUERY,
    answer: { status: 204, description: 'It is gone.' },
    refusals: ['unknown-partition', 'partition-in-use', 'partition-busy'],
    handle: async (actions, { params, query }) => void (await actions.removePartition(params.name, { force: query.force === true })),
  }),
  route({
    method: 'POST',
    path: '/v1/partitions/{name}/unblock',
    id: 'unblockPartition',
    summary: 'Let guests into a partition again that too many timeouts have blocked',
    params: BY_NAME,
    names: 'partition',
    answer: { status: 200, schema: PARTITION_VIEW, description: 'The partition as it is now.' },
    refusals: ['unknown-partition', 'partition-busy'],
    handle: (actions, { params }) => actions.unblockPartition(params.name),
  }),
  route({
    method: 'GET',
    path: '/v1/partitions/{name}/allocations',
    id: 'largestAllocations',
    summary: "The largest allocations of a partition's guests",
    params: BY_NAME,
    names: 'partition',
    query: ALLOCATION_QUERY,
    answer: { status: 200, schema: ALLOCATION_LIST, description: 'The allocations.' },
    refusals: ['unknown-partition'],
    handle: async (actions, { params, query }) => ({
      allocations: await actions.largestAllocations(params.name, { countMax: query.count ?? API_LIMITS.allocationsDefault }),
    }),
  }),
];
