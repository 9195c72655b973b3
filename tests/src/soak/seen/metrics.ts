/** Samples of an exposition, by name and the value of the label `partition`. */
export type PartitionSamples = ReadonlyMap<string, number>;

const SAMPLE = /^([a-z_]+)\{partition="([^"]*)",adapter="[^"]*"\} (\S+)$/gm;

export function partitionSamples(text: string): PartitionSamples {
  return new Map([...text.matchAll(SAMPLE)].map(([, name, partition, value]) => [sampleKey(name as string, partition as string), Number(value)]));
}

export function sampleKey(name: string, partition: string): string {
  return `${name} ${partition}`;
}
