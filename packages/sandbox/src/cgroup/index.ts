export type { GroupLimits } from './controller-files.ts';
export { GroupTree, type Placement, type VfGroup } from './group-tree.ts';
