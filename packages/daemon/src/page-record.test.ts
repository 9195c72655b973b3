import { equal } from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd } from '@gpup/os';
import { forgetPage, isRecordedPage, isSameFile, recordPage } from './page-record.ts';

test('a page is told from another that looks like it', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-record-'));
  const path = join(directory, 'small.page');
  const [page, other] = [createSealedMemfd('gpup-page', 4096), createSealedMemfd('gpup-page', 4096)];
  t.after(() => {
    for (const fd of [page, other]) closeDescriptor(fd);
    rmSync(directory, { recursive: true });
  });
  equal(isRecordedPage(path, other), true);
  recordPage(path, other);
  recordPage(path, page);
  equal(isRecordedPage(path, page), true);
  equal(isRecordedPage(path, other), false);
  equal(isSameFile(page, page), true);
  equal(isSameFile(page, other), false);
  forgetPage(path);
  equal(readdirSync(directory).length, 0);
});
