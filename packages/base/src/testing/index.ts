/** For the tests of every package. */
export { Random, seeds } from './random.ts';
