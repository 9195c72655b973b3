/** Captured contexts: kept, read and replayed. */
export { CaptureFile, captureSink, createCaptureFile } from './capture-file.ts';
export { CaptureLink } from './capture-link.ts';
export { CaptureReader, type CaptureSource, sourceOfBytes } from './capture-reader.ts';
export { type CaptureSink, CaptureWriter } from './capture-writer.ts';
export { CAPTURE_LIMITS, CAPTURE_VERSION, CaptureError, type CaptureHeader, type CaptureRecord } from './format.ts';
export { type ReplayError, type ReplayReport, replayCapture } from './replay.ts';
