/** What a guest can make a host hold, per context. Every limit is one of these names. */
export const WIRE_LIMITS = {
  /** Live objects. Some 700 bytes each in a VF; a handle could name four times as many. */
  objectCountMax: 1 << 18,
  /** Requests whose reply has not been sent. */
  pendingRequestCountMax: 65_536,
  /** Open error scopes, over all devices. */
  errorScopeDepthMax: 1 << 18,
  /** Characters of a label, a debug group or an error message: what is longer is cut by the guest. */
  labelBytesMax: 64 << 10,
  /** Passes of one command encoder: each is an object of its own to the implementation. */
  passCountMax: 1 << 16,
  /** WGSL source of one module. */
  shaderBytesMax: 16 << 20,
  /** Devices that live at once. */
  deviceCountMax: 256,
  /** Bytes of buffers that are mapped or being mapped. */
  mappedBytesMax: 4 * 2 ** 30,
} as const;
