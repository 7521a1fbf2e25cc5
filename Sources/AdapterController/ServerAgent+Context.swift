import AdapterPlanning
import Effects
import Logging

extension ServerAgent {
    /// What all agents share.
    struct Context: Sendable {
        var effects: Effects
        var slots: LoadSlots
        var credentials: Credentials
        var probeInterval: Duration
        var logger: Logger
        /// Whether the server may still be contacted: asked right before each request.
        var mayContact: @Sendable (Connection) -> Bool
        var changed: @Sendable (Connection, ServerRecord.Change) -> Void
        /// Hears of each load of unknown outcome, and the adapter's name.
        var leftOpen: @Sendable (ServerAgent, String, Attempt) -> Void
        /// Hears how long a load took that a server answered with success.
        var loaded: @Sendable (Duration) -> Void = { _ in }
    }
}
