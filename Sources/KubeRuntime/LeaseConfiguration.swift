package import KubeAPI

/// Which Lease decides who leads, and how fast.
package struct LeaseConfiguration: Sendable {
    package struct Invalid: Error, CustomStringConvertible {
        package var description: String
    }

    package let lease: NamespacedName
    /// `<pod>_<uuid of the process>`, so that a restarted container is another holder.
    package let identity: String
    /// So long others wait after the last renewal that they saw.
    package let leaseDuration: Duration
    /// So long after its last renewal a leader may act.
    package let renewDeadline: Duration
    /// Between attempts.
    package let retryPeriod: Duration

    /// client-go's times, unless others are given.
    ///
    /// - Throws: ``Invalid`` unless leaseDuration > renewDeadline > 1.2 × retryPeriod > 0, in whole seconds for the first.
    package init(
        lease: NamespacedName, identity: String, leaseDuration: Duration = .seconds(15),
        renewDeadline: Duration = .seconds(10), retryPeriod: Duration = .seconds(2)
    ) throws {
        guard !identity.isEmpty else { throw Invalid(description: "the identity of a leader must not be empty") }
        guard leaseDuration > renewDeadline, leaseDuration.components.attoseconds == 0 else {
            throw Invalid(description: "the lease duration must be whole seconds and longer than the renew deadline")
        }
        guard retryPeriod > .zero, renewDeadline > retryPeriod * 1.2 else {
            throw Invalid(description: "the renew deadline must be longer than 1.2 times the retry period")
        }
        self.lease = lease
        self.identity = identity
        self.leaseDuration = leaseDuration
        self.renewDeadline = renewDeadline
        self.retryPeriod = retryPeriod
    }

    /// For one request: two of them fit into the renew deadline.
    var requestTimeout: Duration { max(.seconds(1), renewDeadline / 2) }
}
