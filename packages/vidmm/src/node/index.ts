export { createPageFile, openContextSlot, openPageFile, type PageFile } from './page-file.ts';
