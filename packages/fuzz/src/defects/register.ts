/** For `node --import`: plants the defect that the environment names, in this thread and its workers. */
import { register } from 'node:module';
import { DEFECT_VARIABLE } from './variable.ts';

register('./hooks.js', import.meta.url, { data: process.env[DEFECT_VARIABLE] ?? '' });
