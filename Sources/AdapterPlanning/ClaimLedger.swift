/// Which claims to keep, to add and to drop.
struct ClaimLedger {
    /// What to persist before anything is loaded or adopted.
    private(set) var missing: [Claim]
    /// What status should hold.
    private(set) var claims: [Claim]
    /// A new claim does not fit in.
    let isFull: Bool
    /// Something is to be loaded or adopted, or a claim is open: the finalizer must be there.
    let needsFinalizer: Bool

    /// - Parameters:
    ///   - current: what the spec asks for, one claim for each port.
    ///   - isWanted: whether something is to be loaded, or kept, under them.
    ///   - mayBeHeld: whether some server may still hold what a claim covers.
    init(stored: [Claim], current: [Claim], isWanted: Bool, mayBeHeld: (Claim) -> Bool) {
        let kept = stored.filter { current.contains($0) || mayBeHeld($0) }
        let added = isWanted ? current.filter { !kept.contains($0) } : []
        isFull = kept.count + added.count > Claim.limit
        missing = isFull ? [] : added
        claims = (kept + missing).sorted()
        needsFinalizer = isWanted || !stored.isEmpty
    }
}
