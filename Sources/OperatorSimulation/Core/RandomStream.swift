import Effects
import Synchronization

/// Random numbers that follow from a seed and a name.
///
/// Each use has a stream of its own, so that one more fault, say, does not change which job runs next.
package final class RandomStream: RandomSource {
    private let state: Mutex<UInt64>

    package init(seed: UInt64, name: String) {
        state = Mutex(TraceHash(of: name).value ^ (seed &* 0x9E37_79B9_7F4A_7C15))
        _ = next()
    }

    /// The next number of SplitMix64.
    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    /// A number from 0 up to, but not including, `bound`; 0 where there is none.
    package func below(_ bound: Int) -> Int { bound > 1 ? Int(next() % UInt64(bound)) : 0 }

    /// True in `permille` of 1,000 cases.
    package func chance(_ permille: Int) -> Bool { below(1_000) < permille }

    /// One of `choices`, nil when there is none.
    package func pick<Choices: RandomAccessCollection>(_ choices: Choices) -> Choices.Element? {
        guard !choices.isEmpty else { return nil }
        return choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
    }

    /// A duration between both bounds, in steps of a microsecond.
    package func duration(_ range: ClosedRange<Duration>) -> Duration {
        let span = (range.upperBound - range.lowerBound) / Duration.microseconds(1)
        return range.lowerBound + .microseconds(Int64(fraction() * span))
    }
}
