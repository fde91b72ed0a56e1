// Asks those who stand on old events how far these must stay, before the store gives any up for want of room.

export class ProtectedHistory {
  private readonly claims: (() => number)[] = []

  /** `upTo` answers with the last position that must stay, and 0 when none must. */
  claim(upTo: () => number): void {
    this.claims.push(upTo)
  }

  upTo(): number {
    return this.claims.reduce((furthest, upTo) => Math.max(furthest, upTo()), 0)
  }
}
