/** Another major is refused, minors interwork: the host uses nothing that the guest's minor version does not have. */
export const PROTOCOL_MAJOR = 1;
export const PROTOCOL_MINOR = 2;
