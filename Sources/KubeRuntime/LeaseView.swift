import KubeAPI

/// What a candidate does next.
enum LeaseDecision: Hashable {
    /// There is no Lease.
    case create
    /// Nobody holds it, or its holder has not renewed it in time.
    case take(Lease)
    /// It is ours.
    case renew(Lease)
    /// Somebody else holds it.
    case wait(holder: String)
}

/// A Lease as it was seen, and when it last changed by the local clock: the holder's clock never matters; pure.
struct LeaseView {
    private(set) var lease: Lease?
    private var changedAt = Duration.zero
    private var hasLooked = false

    /// Takes what a read or a write brought; nil means that there is none.
    mutating func saw(_ lease: Lease?, at now: Duration) {
        if !hasLooked || lease?.spec != self.lease?.spec || lease?.metadata.uid != self.lease?.metadata.uid {
            changedAt = now
        }
        hasLooked = true
        self.lease = lease
    }

    func decision(for identity: String, at now: Duration, fallback: Duration) -> LeaseDecision {
        guard let lease else { return .create }
        guard let holder = lease.spec.holderIdentity, !holder.isEmpty else { return .take(lease) }
        if holder == identity { return .renew(lease) }
        return timeLeft(of: lease, at: now, fallback) > .zero ? .wait(holder: holder) : .take(lease)
    }

    /// How long somebody else still holds it; nil where nobody does.
    func timeLeft(for identity: String, at now: Duration, fallback: Duration) -> Duration? {
        guard case .wait = decision(for: identity, at: now, fallback: fallback), let lease else { return nil }
        return timeLeft(of: lease, at: now, fallback)
    }

    private func timeLeft(of lease: Lease, at now: Duration, _ fallback: Duration) -> Duration {
        // The duration of the record counts: its holder knows how long it relies on it.
        let duration = lease.spec.leaseDurationSeconds.map { Duration.seconds(max($0, 0)) } ?? fallback
        return duration - (now - changedAt)
    }
}

extension LeaseSpec {
    /// The record of a new holder.
    func taken(by identity: String, for duration: Duration, at time: String) -> LeaseSpec {
        let transitions = leaseTransitions ?? 0
        let isNew = holderIdentity != identity
        return LeaseSpec(
            holderIdentity: identity, leaseDurationSeconds: Int(duration.components.seconds),
            acquireTime: isNew ? time : acquireTime ?? time, renewTime: time,
            leaseTransitions: isNew && acquireTime != nil ? (transitions < .max ? transitions + 1 : 0) : transitions)
    }
}
