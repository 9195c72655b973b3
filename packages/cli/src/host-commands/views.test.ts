import { doesNotMatch, match } from 'node:assert/strict';
import { test } from 'node:test';
import { partitionView } from '../testing/top-figures.ts';
import { partitionText } from './views.ts';

function textOwing(owedUs: number): string {
  const { scheduling } = partitionView('alpha');
  return partitionText(partitionView('alpha', { scheduling: { ...scheduling, owedUs } }), []);
}

test('what a partition owes is told, and not what it is ahead by as turns go round', () => {
  match(textOwing(20_000_000), /owes 20.*, and waits until others have had as much for their shares/);
  doesNotMatch(textOwing(30_000), /owes/);
});
