import { deepEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('where the kernel takes no filter, io_uring is not forgone, and nothing fails', () => {
  const program = `
    import { assemble } from ${JSON.stringify(import.meta.resolve('./bpf.js'))};
    import { ownCallNumber } from ${JSON.stringify(import.meta.resolve('./call-numbers.js'))};
    import { installFilter } from ${JSON.stringify(import.meta.resolve('./system-call-filter.js'))};
    import { forgoIoUring } from ${JSON.stringify(import.meta.resolve('./io-uring.js'))};
    installFilter(assemble([
      { op: 'load', offset: 0 },
      { op: 'jump', if: 'equal', k: ownCallNumber('seccomp'), otherwise: 'other' },
      { op: 'return', verdict: 0x50001 },
      { op: 'label', name: 'other' },
      { op: 'return', verdict: 0x7fff0000 },
    ]));
    let refused = false;
    try { installFilter(assemble([{ op: 'return', verdict: 0x7fff0000 }])); } catch { refused = true; }
    forgoIoUring();
    console.log(refused);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  deepEqual([status, stdout], [0, 'true\n'], stderr);
});
