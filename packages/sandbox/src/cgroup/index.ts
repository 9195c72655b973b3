export type { GroupLimits } from './controller-files.ts';
export { GroupTree, type VfGroup } from './group-tree.ts';
