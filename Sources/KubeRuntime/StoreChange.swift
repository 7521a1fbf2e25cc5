package import KubeAPI

/// One change of a store, told to its observers in the order of changes.
package struct StoreChange<Object: KubeObject>: Sendable {
    package enum Cause: Hashable, Sendable {
        /// A watch told it: somebody changed something just now.
        case watch
        /// A list told it: what was there, or what a broken watch missed.
        case list
        /// This process wrote it and has the server's answer.
        case write
    }

    /// The object before; nil for a new one.
    package var old: Object?
    /// The object now; nil when it is gone.
    package var new: Object?
    package var cause: Cause
    package let key: NamespacedName

    package init(key: NamespacedName, old: Object?, new: Object?, cause: Cause) {
        self.key = key
        self.old = old
        self.new = new
        self.cause = cause
    }
}
