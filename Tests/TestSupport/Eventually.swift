/// Waits until `condition` holds and returns whether it did before `deadline` had passed.
package func eventually(
    within deadline: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    while try await !condition() {
        if clock.now >= end { return false }
        try await clock.sleep(for: .milliseconds(10))
    }
    return true
}
