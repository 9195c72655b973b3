import { linkSuite } from './link.suite.ts';
import { carriers } from './testing/link-pair.ts';

for (const carrier of carriers) linkSuite(carrier);
