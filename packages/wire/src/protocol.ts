/**
 * Another major is refused, minors interwork. The feature level is named after the WDDM generation
 * whose contract it imitates: 2.4 stands for partitions and isolation.
 */
export const PROTOCOL_MAJOR = 1;
export const PROTOCOL_MINOR = 1;
export const FEATURE_LEVEL = 24;
