import Effects
import Synchronization

/// The numbers of a ``SeededGenerator``, for many tasks.
package final class SeededRandom: RandomSource {
    private let generator: Mutex<SeededGenerator>

    package init(_ seed: UInt64 = 1) { generator = Mutex(SeededGenerator(state: seed)) }

    package func next() -> UInt64 { generator.withLock { $0.next() } }
}
