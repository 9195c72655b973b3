/** The host sent something that no correct host sends; ends up in `onClose` of the guest's link. */
export class PeerViolation extends Error {
  override readonly name = 'PeerViolation';
}
