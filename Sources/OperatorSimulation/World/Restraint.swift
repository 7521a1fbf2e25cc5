import DynamicJSON
import Effects

/// Sees that nobody sends what nobody chose: loads of what is loaded on demand, replacements in place, keys to the API.
enum Restraint {
    /// How long a process may go by a spec that was changed: a silent watch, and a list that fails after it.
    private static let blindness = Duration.seconds(300)

    static func check(_ exchange: Exchange, in world: World) {
        if exchange.isLoad { checkLoad(exchange, world) }
        if exchange.authority == World.kubeAuthority, world.now.apiKey != nil { checkKey(exchange, world) }
    }

    private static func checkLoad(_ exchange: Exchange, _ world: World) {
        let entry = exchange.entry
        let wishes = world.adapters.filter { $0.claims.contains(entry) }
            .flatMap { world.versions(of: $0, within: blindness) }.filter { $0.entry == entry }
        guard !wishes.isEmpty else { return }
        // "OnDemand: Nothing is ever loaded by us."
        if wishes.allSatisfy(\.isOnDemand) {
            world.violate("no load on demand", "\(exchange.label) loads \(entry), which a plugin is to load")
        }
        // "`load_inplace` is never sent unless `InPlace` was chosen."
        if exchange.json["load_inplace"]?.boolValue == true, !wishes.contains(where: \.isInPlace) {
            world.violate("no load in place", "\(exchange.label) replaces \(entry) in place, which nobody chose")
        }
    }

    /// I10: "No token or API key appears in a log, event, status …, nor in a request to a host that it is not meant for".
    private static func checkKey(_ exchange: Exchange, _ world: World) {
        let key = Array(World.keyPrefix.utf8)
        let holdsKey =
            exchange.request.body?.holds(key) ?? false
            || exchange.request.headers.contains { $0.value.utf8.holds(key) }
        guard holdsKey else { return }
        world.violate("secrets stay", "\(exchange.label) holds a key of servers")
    }
}

extension Collection<UInt8> {
    /// Whether `bytes` stand anywhere in it: byte by byte, since a search by characters would cost more than the request.
    fileprivate func holds(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return true }
        return indices.contains { self[$0] == first && self[$0...].starts(with: bytes) }
    }
}
