export { MemoryActions } from './memory-actions.ts';
export { type TestApi, openTestApi } from './test-api.ts';
