/// A name and path that an object may have put on the servers of a Service.
///
/// A claim is persisted in status before the first load that it covers and stays until no server can still hold it, so
/// that ownership survives every crash. An entry on a server is an object's own if and only if it equals a claim.
package struct Claim: Codable, Hashable, Sendable, Comparable {
    package var name: String
    package var path: String
    package var service: String
    package var port: Int

    package init(name: String, path: String, service: String, port: Int) {
        self.name = name
        self.path = path
        self.service = service
        self.port = port
    }

    package static func < (a: Claim, b: Claim) -> Bool {
        (a.name, a.path, a.service, a.port) < (b.name, b.path, b.service, b.port)
    }

    /// At most so many are kept; while the list is full a newer spec waits.
    package static let limit = 16
}

extension [Claim] {
    /// Whether a server's entry of that name and root is the object's own.
    package func cover(_ name: String, _ root: String) -> Bool { contains { $0.name == name && $0.path == root } }
}
