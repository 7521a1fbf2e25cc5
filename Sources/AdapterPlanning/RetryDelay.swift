/// How long a failed load or unload waits before it is tried again: 5 s, doubling up to 5 minutes.
package enum RetryDelay {
    package static let first = Duration.seconds(5)
    package static let longest = Duration.seconds(300)

    /// The delay after `count` attempts in a row without success.
    package static func after(count: Int) -> Duration {
        guard count > 1 else { return first }
        return min(first * (1 << min(count - 1, 6)), longest)
    }
}
