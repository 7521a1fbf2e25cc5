import Effects
import KubeAPI
import Synchronization
import VLLMSimulator

/// Notes what objects may leave behind: "`deletion.timeout` has passed since deletionTimestamp and at least one attempt of
/// this process failed, whatever the cause".
final class Releases: Sendable {
    /// Servers with which something failed, and Secrets that could not be had, by process.
    private let failed = Mutex<[String: Set<String>]>([:])

    func note(_ event: NetworkEvent, in world: World) {
        switch event {
        case .sent(let exchange) where exchange.removesFinalizer: release(exchange, world)
        case .answered(let exchange, let status) where !exchange.process.isEmpty:
            if let secret = exchange.secret, status >= 400 { fail(exchange, secret) }
            guard let pod = world.pod(at: exchange.authority) else { return }
            let isLie = !(pod.now.trouble?.isHonest ?? true)
            let isIgnored = exchange.isUnload && pod.adapters[exchange.entry.name] != nil
            if isLie || isIgnored || status >= 300 { fail(exchange) }
        case .ended(let exchange, _?) where !exchange.process.isEmpty: fail(exchange)
        default: break
        }
    }

    private func fail(_ exchange: Exchange, _ what: String? = nil) {
        _ = failed.withLock { $0[exchange.process, default: []].insert(what ?? exchange.authority) }
    }

    private func release(_ exchange: Exchange, _ world: World) {
        guard let name = exchange.adapterName, let adapter = world.adapter(name), adapter.hasTimedOut(in: world) else {
            return
        }
        let failed = failed.withLock { $0[exchange.process] ?? [] }
        // An heir had its time to claim what is there.
        let heirs = world.adapters.filter { $0.uid != adapter.uid && !$0.isTerminating }.map(\.entry)
        let isDenied = adapter.secret.map { failed.contains($0) } ?? false
        for pod in world.pods {
            let hasFailed = isDenied || failed.contains(pod.authority)
            let held = adapter.claims(on: pod.everServices).filter {
                (hasFailed || heirs.contains($0)) && (pod.entries.contains($0) || pod.server.isLoading($0.name))
            }
            world.change { $0.abandoned[pod.containerID, default: []].formUnion(held) }
        }
    }
}

extension Adapter {
    /// Whether its deletion has taken longer than it may; the plan for that is a little older than what it sends.
    fileprivate func hasTimedOut(in world: World) -> Bool {
        guard let deletionTimeout, let deleted = deletedAt.flatMap({ Timestamp.parse($0) }) else { return false }
        // A clock that was set back is no reason to wait longer.
        return .seconds(max(0, world.simulation.unixTime - deleted)) > deletionTimeout - .seconds(5)
    }
}
