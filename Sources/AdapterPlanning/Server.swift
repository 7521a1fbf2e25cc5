/// Identity of a model server: the pod's UID, or the address where there is no Pod, and the port.
package struct ServerID: Hashable, Sendable, Comparable {
    package var owner: String
    package var port: Int

    package init(owner: String, port: Int) {
        self.owner = owner
        self.port = port
    }

    package static func < (a: ServerID, b: ServerID) -> Bool { (a.owner, a.port) < (b.owner, b.port) }
}

/// A vLLM server as Kubernetes describes it.
package struct Server: Hashable, Sendable {
    package var id: ServerID
    /// The pod's name, else the endpoint's host name, else the address.
    package var name: String
    package var address: String
    /// The container's ID; a replaced incarnation holds nothing.
    ///
    /// Nil where there is none: then only a list, or a pod that is gone, proves absence.
    package var incarnation: String?
    /// The pod is going away: it gets one unload and no load.
    package var isTerminating = false

    package init(id: ServerID, name: String, address: String, incarnation: String? = nil, isTerminating: Bool = false) {
        self.id = id
        self.name = name
        self.address = address
        self.incarnation = incarnation
        self.isTerminating = isTerminating
    }

    /// Order in status and messages: by name, then port.
    package static func byName(_ a: Server, _ b: Server) -> Bool {
        (a.name, a.id.port, a.id) < (b.name, b.id.port, b.id)
    }
}
