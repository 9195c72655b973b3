export { DEFECTS } from './defects/list.ts';
