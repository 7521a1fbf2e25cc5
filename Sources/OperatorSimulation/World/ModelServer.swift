package import Effects

/// A model of one vLLM server, as far as the world needs to look inside.
package protocol ModelServer: HTTPHandler {
    /// What the server would list now: roots by adapter name.
    var adapters: [String: String] { get }
}

/// What can be wrong with one server beyond its network.
package enum ServerTrouble: String, Hashable, Sendable, CaseIterable {
    /// Nobody listens.
    case down
    /// Connections stand and nothing is answered.
    case hanging
    /// Everything is answered with 500.
    case failing
    /// `/health` is 503, and `/v1/models` still lists.
    case unhealthy
    /// Loads and unloads are answered with 500 and not done.
    case refusingChanges
    /// `/v1/models` is a page of HTML.
    case html
    /// `/v1/models` is valid and lists nothing at all, not even a base model.
    case empty
    /// `/v1/models` is JSON cut off in the middle.
    case cutOff
}
