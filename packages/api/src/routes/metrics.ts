import { METRICS_CONTENT_TYPE } from '../metrics/exposition.ts';
import { hostMetrics, tenantMetrics } from '../metrics/host-metrics.ts';
import { route } from './route.ts';

export const METRICS_ROUTES = [
  route({
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    summary: 'Metrics for Prometheus',
    answer: { status: 200, text: METRICS_CONTENT_TYPE, description: 'The text format of Prometheus, version 0.0.4.' },
    handle: (actions, { caller }) => (caller.role === 'operator' ? hostMetrics(actions) : tenantMetrics(actions)),
  }),
];
