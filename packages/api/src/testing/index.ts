export { MemoryAccess } from './memory-access.ts';
export { MemoryActions } from './memory-actions.ts';
export { type RawAnswer, type RawRequest, TEST_TOKEN, type TestApi, openTestApi } from './test-api.ts';
