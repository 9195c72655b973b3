/** A mistake planted into the compiled code of the host, as a replacement of text that occurs there once. */
export interface Defect {
  readonly name: string;
  /** What would be wrong. */
  readonly what: string;
  /** The file, from the folder of the packages. */
  readonly module: string;
  readonly from: string;
  readonly to: string;
  /** The target that is to find it. */
  readonly target: string;
}
