import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const DRM = '/sys/class/drm';
const ASK_MS_MAX = 5_000;

/**
 * The video memory of a real GPU, by its place among those of the machine; null where no driver says. WebGPU has no
 * such number. AMD's driver has a file for it, NVIDIA's a program; others have neither.
 */
export function hardwareVramBytes(index: number): number | null {
  return soundBytes([...amdVramBytes(), ...nvidiaVramBytes()][index]);
}

/** A GPU that shares the machine's memory may have a word in place of the number, and keeps its place among the others. */
export function soundBytes(bytes: number | undefined): number | null {
  return bytes !== undefined && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

function amdVramBytes(): number[] {
  return namesIn(DRM)
    .filter((name) => /^card\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [Number(readFileSync(`${DRM}/${name}/device/mem_info_vram_total`, 'utf8'))];
      } catch {
        return [];
      }
    });
}

function nvidiaVramBytes(): number[] {
  if (namesIn('/proc/driver/nvidia/gpus').length === 0) return [];
  const { stdout, status } = spawnSync('nvidia-smi', ['--query-gpu=memory.total', '--format=csv,noheader,nounits'], { encoding: 'utf8', timeout: ASK_MS_MAX });
  if (status !== 0) return [];
  return stdout.trim().split('\n').map((mebibytes) => Number(mebibytes) * 2 ** 20);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
