import FoundationEssentials

/// The environment of the process.
enum Environment {
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    /// A variable; an empty one counts as absent.
    static subscript(name: String) -> String? {
        guard let value = all[name], !value.isEmpty else { return nil }
        return value
    }

    /// The pod's name: kubelet makes it the host's.
    static var podName: String { Self["POD_NAME"] ?? Self["HOSTNAME"] ?? ProcessInfo.processInfo.hostName }
}
