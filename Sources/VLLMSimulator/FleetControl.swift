import DynamicJSON
package import Effects

/// Lets people break and mend simulated servers while they run; docs/simulate.md shows every request.
///
/// `GET /simulator` and `GET /simulator/vllm-0` tell what servers hold, `POST /simulator/vllm-0/restart` and its like
/// change one, or all under the name `all`.
package struct FleetControl: HTTPHandler {
    private let prefix: String
    private let servers: [SimulatedServer]
    /// Answers everything else; nil: 404.
    private let next: (any HTTPHandler)?

    /// Control over `servers`, which are called vllm-0, vllm-1 and so on; `prefix` stands before every path.
    package init(prefix: String = "", servers: [SimulatedServer], next: (any HTTPHandler)? = nil) {
        self.prefix = prefix
        self.servers = servers
        self.next = next
    }

    private struct Problem: Error {
        var status: Int
        var message: String
    }

    package func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let path = request.url.prefix { $0 != "?" }
        guard path == prefix + "/simulator" || path.hasPrefix(prefix + "/simulator/") else {
            return try await next?.respond(to: request) ?? answer(404, ["message": "the simulator is at /simulator"])
        }
        let words = path.dropFirst(prefix.count + "/simulator".count).split(separator: "/").map(String.init)
        do throws(Problem) {
            return answer(200, try result(of: request, words))
        } catch {
            return answer(error.status, ["message": .string(error.message)])
        }
    }

    private func result(of request: HTTPRequest, _ words: [String]) throws(Problem) -> JSONValue {
        let chosen = try indices(words.first ?? "all")
        switch (request.method, words.count) {
        case (.get, 0): return .array(chosen.map(description))
        case (.get, 1):
            guard let index = chosen.first, chosen.count == 1 else { return .array(chosen.map(description)) }
            return description(index)
        case (.post, 2):
            let fields = try SimulatorRequest(request.body ?? [])
            for index in chosen { try apply(words[1], fields, to: servers[index]) }
            return ["message": .string("\(words[0]): \(words[1])")]
        default: throw Problem(status: 404, message: "write GET /simulator/vllm-0 or POST /simulator/vllm-0/restart")
        }
    }

    private func indices(_ name: String) throws(Problem) -> [Int] {
        if name == "all" { return Array(servers.indices) }
        guard name.hasPrefix("vllm-"), let index = Int(name.dropFirst(5)), servers.indices.contains(index) else {
            throw Problem(
                status: 404,
                message: "there is no server \(name); name one from vllm-0 to vllm-\(servers.count - 1), or all")
        }
        return [index]
    }

    private func description(_ index: Int) -> JSONValue {
        let server = servers[index]
        return [
            "name": .string("vllm-\(index)"), "version": .string(server.version.description),
            "listening": .bool(server.isListening), "engineAlive": .bool(server.isEngineAlive),
            "adapters": .array(
                server.adapters.sorted { $0.name < $1.name }.map {
                    ["name": .string($0.name), "path": .string($0.path)]
                }),
            "faults": .int(Int64(server.faultCount)),
            "requests": .object(
                Dictionary(
                    uniqueKeysWithValues: SimulatedOperation.allCases.map {
                        ($0.rawValue, .int(Int64(server.requestCount($0))))
                    })),
        ]
    }

    private func apply(_ verb: String, _ fields: SimulatorRequest, to server: SimulatedServer) throws(Problem) {
        switch verb {
        case "stop": server.goDown()
        case "start": server.comeUp()
        case "restart": server.restart()
        case "kill-engine": server.setEngine(alive: false)
        case "revive-engine": server.setEngine(alive: true)
        case "ignore-unloads": server.setIgnoresUnloads(true)
        case "obey-unloads": server.setIgnoresUnloads(false)
        case "load": server.loadOutOfBand(name: try fields.text("lora_name"), path: try fields.text("lora_path"))
        case "unload": server.unloadOutOfBand(name: try fields.text("lora_name"))
        case "files":
            let (path, files) = (try fields.text("path"), try fields.files())
            server.reconfigure { $0.files[path] = files }
        case "fault": server.inject(try fields.fault(), on: try fields.operation(), times: try fields.times())
        case "clear-faults": server.clearFaults()
        default:
            throw Problem(
                status: 404,
                message: "\(verb) is none of stop, start, restart, kill-engine, revive-engine, ignore-unloads, "
                    + "obey-unloads, load, unload, files, fault, clear-faults")
        }
    }

    private func answer(_ status: Int, _ body: JSONValue) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "application/json")],
            body: body.encoded + [UInt8(ascii: "\n")])
    }

    /// The JSON body of a request to change something; an empty one has no fields.
    private struct SimulatorRequest {
        private let fields: [String: JSONValue]

        init(_ body: [UInt8]) throws(Problem) {
            if body.isEmpty {
                fields = [:]
            } else if let object = JSONValue(parsing: body)?.objectValue {
                fields = object
            } else {
                throw Problem(status: 400, message: "the body is not a JSON object")
            }
        }

        func text(_ name: String) throws(Problem) -> String {
            guard let value = fields[name]?.stringValue, !value.isEmpty else {
                throw Problem(status: 400, message: "the body needs \"\(name)\", a text")
            }
            return value
        }

        func operation() throws(Problem) -> SimulatedOperation? {
            guard let value = fields["operation"] else { return nil }
            guard let operation = value.stringValue.flatMap(SimulatedOperation.init(rawValue:)) else {
                let names = SimulatedOperation.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(status: 400, message: "\"operation\" is one of \(names)")
            }
            return operation
        }

        /// How often a fault happens; absent: until it is cleared.
        func times() throws(Problem) -> Int {
            guard let value = fields["times"] else { return .max }
            guard let times = value.intValue.flatMap(Int.init(exactly:)), times > 0 else {
                throw Problem(status: 400, message: "\"times\" is a whole number above 0")
            }
            return times
        }

        /// What a path holds from now on.
        func files() throws(Problem) -> AdapterFiles {
            switch try text("holds") {
            case "adapter": return .adapter
            case "nothing": return .missing
            case "other-base": return .adapterOfOtherBase
            case "broken": return .broken(fields["message"]?.stringValue ?? "it is broken")
            case "rank":
                guard let rank = fields["rank"]?.intValue.flatMap(Int.init(exactly:)), rank > 0 else {
                    throw Problem(status: 400, message: "\"rank\" is a whole number above 0")
                }
                return .rank(rank)
            case let other:
                throw Problem(
                    status: 400, message: "\"\(other)\" is none of adapter, nothing, other-base, broken, rank")
            }
        }

        func fault() throws(Problem) -> SimulatedFault {
            switch try text("fault") {
            case "hang": return .hang
            case "slow":
                guard let seconds = fields["seconds"]?.doubleValue, (0...86_400).contains(seconds) else {
                    throw Problem(status: 400, message: "a slow answer needs \"seconds\", a number up to 86400")
                }
                return .slow(.milliseconds(Int64(seconds * 1000)))
            case "drop": return .drop
            case "lose-answer": return .loseAnswer
            case "endless-body": return .endlessBody
            case "cut-body": return .cutBody
            case "pretend": return .pretend
            case "html": return .html
            case "wrong-json": return .wrongJSON
            case "truncated-json": return .truncatedJSON
            case "answer":
                guard let status = fields["status"]?.intValue, (200...599).contains(status) else {
                    throw Problem(status: 400, message: "an answer needs \"status\", a number from 200 to 599")
                }
                return .answer(
                    status: Int(status), contentType: fields["contentType"]?.stringValue ?? "application/json",
                    body: fields["body"]?.stringValue ?? "", location: fields["location"]?.stringValue)
            case let other:
                throw Problem(
                    status: 400,
                    message: "\"\(other)\" is none of hang, slow, drop, lose-answer, endless-body, cut-body, pretend, "
                        + "html, wrong-json, truncated-json, answer")
            }
        }
    }
}
