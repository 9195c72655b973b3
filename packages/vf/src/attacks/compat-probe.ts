/** Ends in order where the kernel has the 32-bit interface, and by a signal where it does not. */
import { compatGetpid } from './native.ts';

compatGetpid();
