import KubeAPI
import Synchronization

/// How long to wait after somebody else was faster: a second, and the longer the oftener that came in a row.
final class ConflictPauses: Sendable {
    private static let first = Duration.seconds(1)
    private static let longest = Duration.seconds(30)

    private let counts = Mutex<[NamespacedName: Int]>([:])

    /// The pause after one more conflict.
    func next(for key: NamespacedName) -> Duration {
        let count = counts.withLock { counts in
            counts[key, default: -1] += 1
            return counts[key] ?? 0
        }
        return min(Self.first * (1 << min(count, 5)), Self.longest)
    }

    /// A write succeeded, or the object is gone.
    func forget(_ key: NamespacedName) { counts.withLock { $0[key] = nil } }
}
