import Effects
import Synchronization

/// Sees that no process does the same over and over: two objects that undo what the other did would go on for ever, and
/// leave nothing behind that a judge of the end could find.
final class Pace: Sendable {
    /// What counts as the same.
    private struct Deed: Hashable {
        var process: String
        var method: String
        var authority: String
        var path: Substring
        var adapter: String
    }

    private static let window = Duration.seconds(60)
    /// How often others make a process load, or unload, an adapter on a server within the window.
    private static let changes = 20
    /// How often they make it ask the same, such as each of its connections for the same Secret.
    private static let requests = 200

    private let deeds = Mutex<[Deed: (since: Duration, count: Int)]>([:])

    func note(_ exchange: Exchange, in world: World) {
        let (isChange, now) = (exchange.isChangeOfServer, world.simulation.now)
        let deed = Deed(
            process: exchange.process, method: exchange.request.method.rawValue, authority: exchange.authority,
            path: exchange.request.url.prefix { $0 != "?" }, adapter: isChange ? exchange.entry.name : "")
        let count = deeds.withLock { deeds in
            var run = deeds[deed] ?? (now, 0)
            if now - run.since > Self.window { run = (now, 0) }
            run.count += 1
            deeds[deed] = run
            return run.count
        }
        // Once is enough to tell.
        guard count == (isChange ? Self.changes : Self.requests) else { return }
        world.violate("no storm", "\(exchange.label) \(deed.adapter) is sent \(count) times within a minute")
    }
}
