package import AdapterPlanning

/// Every adapter on every server, as the API says it and as the server does.
package struct FleetReport: Hashable, Sendable {
    /// What one server said of one adapter, or why it did not.
    package enum Live: Hashable, Sendable {
        /// Nobody asked.
        case unknown
        case listed(root: String)
        case absent
        case unreachable(Reason)
    }

    package struct Line: Hashable, Sendable {
        package var server: String
        package var port: Int
        package var address: String
        /// `Loaded` and so on; nil where status does not list the server.
        package var state: String?
        package var reason: String?
        package var live: Live
        /// In words, where the two do not agree.
        package var difference: String?
    }

    package struct Adapter: Hashable, Sendable {
        package var namespace: String
        package var name: String
        package var loraName: String
        package var path: String
        package var service: String
        package var phase: String
        package var ready: String
        /// By server and port.
        package var lines: [Line]
    }

    /// An adapter on a server that no LoRAAdapter stands for.
    package struct Unmanaged: Hashable, Sendable, Comparable {
        package var namespace: String
        package var server: String
        package var port: Int
        package var id: String
        package var root: String

        package static func < (a: Unmanaged, b: Unmanaged) -> Bool {
            (a.namespace, a.server, a.port, a.id) < (b.namespace, b.server, b.port, b.id)
        }
    }

    /// By namespace and name.
    package var adapters: [Adapter] = []
    package var unmanaged: [Unmanaged] = []
    /// Servers that were asked, and those of them that did not answer.
    package var asked = 0
    package var silent = 0

    package init() {}

    package var differences: Int { adapters.flatMap(\.lines).count { $0.difference != nil } }
}

extension FleetReport.Line {
    /// One adapter on one server.
    ///
    /// What is under way is no difference: it may be so the next moment.
    init(
        _ server: Server, status: ServerStatus?, isOmitted: Bool, phase: String, path: String,
        live: FleetReport.Live
    ) {
        self.server = server.name
        port = server.id.port
        address = server.address
        // Status lists at most 32 servers, the unhealthy first: of the others it says what the phase says.
        state = status?.state.rawValue ?? (isOmitted && phase == "Ready" ? ServerStatus.State.loaded.rawValue : nil)
        reason = status?.reason
        self.live = live
        difference = Self.difference(state.flatMap(ServerStatus.State.init), path, live, isOmitted: isOmitted)
    }

    private static func difference(
        _ state: ServerStatus.State?, _ path: String, _ live: FleetReport.Live, isOmitted: Bool
    ) -> String? {
        switch (state, live) {
        case (_, .unknown), (.loading, _), (.unloading, _): return nil
        case (.loaded, .listed(path)), (.onDemand, .listed(path)), (.onDemand, .absent): return nil
        case (.loaded, .absent): return "status says Loaded, and the server does not list it"
        case (.loaded, .listed(let root)): return "status says Loaded, and the server lists \(root)"
        case (.onDemand, .listed(let root)): return "the server lists \(root)"
        case (.loaded, .unreachable), (.onDemand, .unreachable): return "the server cannot be asked now"
        case (.unreachable, .unreachable), (.unknown, .unreachable): return nil
        case (.unreachable, _), (.unknown, _): return "status says it cannot be observed, and it answers"
        case (.absent, .listed(path)), (.failed, .listed(path)), (.conflict, .listed(path)):
            return "the server lists it"
        case (nil, .listed(path)): return isOmitted ? nil : "the server lists it, and status does not know"
        case (.absent, _), (.failed, _), (.conflict, _), (nil, _): return nil
        }
    }
}
