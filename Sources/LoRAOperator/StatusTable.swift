import AdapterController
import AdapterPlanning
import DynamicJSON

/// A ``FleetReport`` for people: servers of which the same is to be said share a row.
struct StatusTable {
    private let report: FleetReport
    private let isOffline: Bool
    private let isColourful: Bool

    init(_ report: FleetReport, isOffline: Bool, isColourful: Bool) {
        self.report = report
        self.isOffline = isOffline
        self.isColourful = isColourful
    }

    var text: String {
        var lines: [String] = []
        if isOffline { lines.append("No server was asked: this is what the API says.") }
        if report.adapters.isEmpty {
            lines.append("There are no LoRAAdapters.")
        } else {
            lines += table
        }
        if !report.unmanaged.isEmpty {
            lines += ["", "Adapters that no LoRAAdapter stands for:"]
            let rows = report.unmanaged.map {
                [$0.namespace, $0.id.plain(), $0.server, $0.root.plain()]
            }
            lines.append(TextTable(["NAMESPACE", "ADAPTER", "SERVER", "ROOT"], rows).text)
        }
        return (lines + summary).joined(separator: "\n")
    }

    private var table: [String] {
        let rows = report.adapters.flatMap(rows)
        let heading = ["NAMESPACE", "NAME", "ADAPTER", "PHASE", "READY", "SERVERS", "API"]
        let text = TextTable(heading + (isOffline ? [] : ["LIVE", "DIFFERENCE"]), rows.map(\.cells)).text
        return zip([false] + rows.map(\.isDifferent), text.split(separator: "\n")).map { isDifferent, line in
            isColourful && isDifferent ? "\u{1B}[31m\(line)\u{1B}[0m" : String(line)
        }
    }

    private func rows(_ adapter: FleetReport.Adapter) -> [(cells: [String], isDifferent: Bool)] {
        let start = [
            adapter.namespace, adapter.name, adapter.loraName.plain(), adapter.phase,
            adapter.ready.isEmpty ? "-" : adapter.ready,
        ]
        if adapter.lines.isEmpty {
            return [(start + ["-", "-"] + (isOffline ? [] : ["-", "-"]), false)]
        }
        var groups: [(said: [String], servers: [String])] = []
        let ports = Dictionary(grouping: adapter.lines, by: \.server).mapValues(\.count)
        for line in adapter.lines {
            // Servers without a Pod are called by their address, which several may share.
            let server = ports[line.server, default: 0] > 1 ? "\(line.server):\(line.port)" : line.server
            let state = [line.state ?? "-", line.reason].compactMap(\.self).joined(separator: " ")
            let said = [state] + (isOffline ? [] : [live(line.live, adapter), line.difference ?? "-"])
            if let index = groups.firstIndex(where: { $0.said == said }) {
                groups[index].servers.append(server)
            } else {
                groups.append((said, [server]))
            }
        }
        return groups.map { said, servers in
            let isDifferent = !isOffline && said.last != "-"
            return (start + [servers.abbreviated(separator: ", ", \.self)] + said.map { $0.plain() }, isDifferent)
        }
    }

    private func live(_ live: FleetReport.Live, _ adapter: FleetReport.Adapter) -> String {
        switch live {
        case .unknown: "-"
        case .absent: "absent"
        case .listed(let root): root == adapter.path ? "loaded" : "loaded from \(root)"
        case .unreachable(let reason): "unreachable: \(reason.rawValue)"
        }
    }

    private var summary: [String] {
        if isOffline { return [] }
        let (asked, silent, differences) = (report.asked, report.silent, report.differences)
        return [
            "",
            "\(asked) server\(asked == 1 ? "" : "s") asked, \(silent) silent; "
                + "\(differences) difference\(differences == 1 ? "" : "s") between API and servers.",
        ]
    }
}

extension FleetReport {
    /// The same for programs.
    func json(isOffline: Bool) -> JSONValue {
        [
            "offline": .bool(isOffline), "serversAsked": .int(Int64(asked)), "serversSilent": .int(Int64(silent)),
            "differences": .int(Int64(differences)), "adapters": .array(adapters.map(\.json)),
            "unmanaged": .array(
                unmanaged.map {
                    [
                        "namespace": .string($0.namespace), "server": .string($0.server), "port": .int(Int64($0.port)),
                        "id": .string($0.id), "root": .string($0.root),
                    ]
                }),
        ]
    }
}

extension FleetReport.Adapter {
    fileprivate var json: JSONValue {
        [
            "namespace": .string(namespace), "name": .string(name), "loraName": .string(loraName),
            "loraPath": .string(path), "service": .string(service), "phase": .string(phase), "ready": .string(ready),
            "servers": .array(lines.map(\.json)),
        ]
    }
}

extension FleetReport.Line {
    fileprivate var json: JSONValue {
        var json: JSONValue = [
            "name": .string(server), "port": .int(Int64(port)), "address": .string(address),
            "different": .bool(difference != nil),
        ]
        if let state { json["state"] = .string(state) }
        if let reason { json["reason"] = .string(reason) }
        if let difference { json["difference"] = .string(difference) }
        switch live {
        case .unknown: break
        case .absent: json["live"] = "Absent"
        case .listed(let root):
            json["live"] = "Listed"
            json["liveRoot"] = .string(root)
        case .unreachable(let reason):
            json["live"] = "Unreachable"
            json["liveReason"] = .string(reason.rawValue)
        }
        return json
    }
}
