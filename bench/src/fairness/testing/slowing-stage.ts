import type { Stage } from '../stage.ts';

/** A machine whose pace falls by a hundredth with each piece. Guests together do so much of what one does, in equal parts, by slices. */
export function slowingStage(worthOf: (sliceMs: number) => number, windowMs = 8000): { readonly stage: Stage; readonly told: string[] } {
  const told: string[] = [];
  let pace = 1000;
  let sliceMs = 0;
  const together = async (names: readonly string[], pieceMs: number) => {
    told.push(`${names.join('+')} for ${pieceMs}, slice ${sliceMs}`);
    pace *= 0.99;
    const submitCount = ((pace * pieceMs) / 1000) * (names.length === 1 ? 1 : worthOf(sliceMs) / names.length);
    return new Map(names.map((name) => [name, { submitCount, latenciesMs: [], heldMs: pieceMs / names.length, turnCount: 3 }]));
  };
  const schedule = async (scheduling: { readonly sliceMs?: number }): Promise<void> => {
    sliceMs = scheduling.sliceMs ?? 0;
  };
  return { stage: { timing: { windowMs, settleMs: 0 }, schedule, together } as unknown as Stage, told };
}
