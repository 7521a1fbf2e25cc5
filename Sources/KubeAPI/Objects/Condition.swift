/// One `metav1.Condition`.
package struct Condition: Hashable, Codable, Sendable {
    package enum Status: String, Hashable, Codable, Sendable {
        case `true` = "True"
        case `false` = "False"
        case unknown = "Unknown"
    }

    package var type: String
    package var status: Status
    /// UpperCamelCase, for programs.
    package var reason: String
    /// For people; never compared by programs.
    package var message: String
    /// When `status` last changed, in RFC 3339 with whole seconds; `KubeRuntime` sets it.
    package var lastTransitionTime: String
    /// The generation of the spec that this condition speaks of.
    package var observedGeneration: Int64?

    package init(
        type: String, status: Status, reason: String, message: String = "", lastTransitionTime: String = "",
        observedGeneration: Int64? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
        self.observedGeneration = observedGeneration
    }
}
