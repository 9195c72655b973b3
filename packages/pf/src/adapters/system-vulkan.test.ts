import { equal } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hardwareEnvironment } from './environment.ts';
import { findSystemVulkan } from './system-vulkan.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
after(() => rmSync(folder, { recursive: true }));

test("finds a driver's manifest where the Vulkan loader looks for it", () => {
  mkdirSync(join(folder, 'vulkan/icd.d'), { recursive: true });
  writeFileSync(join(folder, 'vulkan/icd.d/some_icd.json'), '{}');
  equal(findSystemVulkan({ XDG_DATA_HOME: folder }).hasDriver, true);
  equal(findSystemVulkan({ XDG_CONFIG_DIRS: `/nonexistent:${folder}` }).hasDriver, true);
});

test('finds the loader on LD_LIBRARY_PATH', () => {
  writeFileSync(join(folder, 'libvulkan.so.1'), '');
  equal(findSystemVulkan({ LD_LIBRARY_PATH: `/nonexistent:${folder}` }).hasLoader, true);
});

test('a user who names drivers means them', () => {
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES']) {
    const found = findSystemVulkan({ [name]: '/some/icd.json' });
    equal(found.driversNamed && found.hasDriver, true, name);
  }
  equal(findSystemVulkan({ VK_DRIVER_FILES: '' }).driversNamed, false);
});

test("a VF's environment has what drivers read and nothing else", () => {
  const environment = hardwareEnvironment(
    { VK_DRIVER_FILES: 'a', MESA_DEBUG: 'b', HOME: 'c', NODE_OPTIONS: 'd', PATH: 'e', GPUP_SOCKET: 'f', AWS_SECRET_ACCESS_KEY: 'g', LD_PRELOAD: 'h' },
    null,
  );
  equal(Object.keys(environment).sort().join(), 'HOME,MESA_DEBUG,VK_DRIVER_FILES');
});

test('a lent loader comes after those of the user', () => {
  equal(hardwareEnvironment({ LD_LIBRARY_PATH: '/own' }, '/lent')['LD_LIBRARY_PATH'], '/own:/lent');
  equal(hardwareEnvironment({}, '/lent')['LD_LIBRARY_PATH'], '/lent');
});
