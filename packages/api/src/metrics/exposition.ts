/**
 * The text format of Prometheus, version 0.0.4. By hand, because a metrics library keeps counters of its own and can take
 * over none: ours live in the partition pages, histograms included, and are only written out here.
 */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}
export interface HistogramSample {
  readonly labels: Labels;
  /** Bucket i counts what took less than 2^i us and no less than the bucket before; the last one all else. */
  readonly counts: readonly number[];
}

/** A number that goes up only; its name ends with `_total`. */
export function counter(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, 'counter', help, samples.map((sample) => line(name, sample.labels, sample.value)));
}

export function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, 'gauge', help, samples.map((sample) => line(name, sample.labels, sample.value)));
}

/** In seconds, as Prometheus wants it. There is no `_sum`: the pages count, they do not add up. */
export function histogram(name: string, help: string, samples: readonly HistogramSample[]): string {
  return family(name, 'histogram', help, samples.flatMap((sample) => histogramLines(name, sample)));
}

function histogramLines(name: string, { labels, counts }: HistogramSample): readonly string[] {
  let soFar = 0;
  const lines = counts.slice(0, -1).map((count, index) => {
    soFar += count;
    return line(`${name}_bucket`, { ...labels, le: String(2 ** index / 1e6) }, soFar);
  });
  const all = soFar + (counts.at(-1) ?? 0);
  return [...lines, line(`${name}_bucket`, { ...labels, le: '+Inf' }, all), line(`${name}_count`, labels, all)];
}

function family(name: string, type: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quoted(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
