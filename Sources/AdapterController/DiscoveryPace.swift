import KubeAPI
import Synchronization

/// How long changes behind a Service are gathered before its models are looked at again.
///
/// A look costs as much as its servers list adapters, so that the cost of the last one says how often it is affordable.
final class DiscoveryPace: Sendable {
    /// Events come in swarms.
    private static let shortest = Duration.seconds(1)
    /// A look may take so large a part of the time.
    private static let share = 20

    private let costs = Mutex<[NamespacedName: Duration]>([:])

    func took(_ duration: Duration, for service: NamespacedName) { costs.withLock { $0[service] = duration } }

    func forget(_ service: NamespacedName) { costs.withLock { $0[service] = nil } }

    func patience(for service: NamespacedName) -> Duration {
        max(Self.shortest, (costs.withLock { $0[service] } ?? .zero) * Self.share)
    }
}
