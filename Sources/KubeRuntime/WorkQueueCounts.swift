/// What a work queue tells its metrics.
package struct WorkQueueCounts: Hashable, Sendable {
    /// Keys that wait to be taken.
    package var depth: Int
    /// Keys added since the start, repetitions not counted.
    package var adds: Int
    /// Failures since the start.
    package var retries: Int
    /// Keys in progress.
    package var inProgress: Int
    /// The sum of the times of all work in progress.
    package var unfinishedWork: Duration
    /// The longest of these times.
    package var longestRunning: Duration
}
