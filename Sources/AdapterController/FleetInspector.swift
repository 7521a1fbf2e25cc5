import AdapterPlanning
package import Effects
package import KubeAPI
import KubeRuntime
import VLLMAPI

/// Reads the API once, and asks every server once: the fleet as `lora-operator status` prints it.
package struct FleetInspector: Sendable {
    /// Servers asked at the same time.
    private static let width = 32

    private let client: KubeClient
    private let effects: Effects
    private let options: OperatorOptions

    package init(client: KubeClient, effects: Effects, options: OperatorOptions) {
        self.client = client
        self.effects = effects
        self.options = options
    }

    /// Looks once; without `isLive` no server is asked.
    ///
    /// `progress` hears how many of how many servers have been asked. Throws `APIError` where the API cannot be read.
    package func report(
        isLive: Bool, progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws -> FleetReport {
        let view = try await read()
        let adapters = view.adapters.all()
        var targets: [NamespacedName: [Connection]] = [:]
        var servers: [Connection: Server] = [:]
        for adapter in adapters {
            for server in view.target(adapter.target.service, in: adapter.metadata.namespace).target.servers {
                let connection = Connection(server, adapter.target, namespace: adapter.metadata.namespace)
                targets[adapter.key, default: []].append(connection)
                servers[connection] = server
            }
        }
        let answers = isLive ? try await ask(servers.keys.sorted(), view, progress) : [:]

        var report = FleetReport()
        report.asked = answers.count
        report.silent = answers.values.count { if case .failure = $0 { true } else { false } }
        report.adapters = adapters.map { adapter in
            adapter.line(
                servers: (targets[adapter.key] ?? []).compactMap { connection in
                    servers[connection].map { ($0, answers[connection]) }
                })
        }
        report.unmanaged = Set(answers.flatMap { unmanaged($0, servers[$0], $1, view) }).sorted()
        return report
    }

    private func read() async throws -> ClusterView {
        let view = ClusterView(options)
        for namespace in options.scopes {
            async let adapters: ObjectList<LoRAAdapter> = client.list(in: namespace)
            async let services: ObjectList<Service> = client.list(in: namespace)
            async let slices: ObjectList<EndpointSlice> = client.list(in: namespace)
            async let pods: ObjectList<Pod> = client.list(in: namespace)
            view.services.replace(with: try await services.items, in: namespace)
            view.slices.replace(with: try await slices.items, in: namespace)
            view.pods.replace(with: try await pods.items, in: namespace)
            view.adapters.replace(with: try await adapters.items, in: namespace)
        }
        return view
    }

    fileprivate typealias Answer = Result<ModelList, Silence>

    /// Why a server said nothing.
    fileprivate struct Silence: Error {
        var reason: Reason
    }

    private func ask(
        _ connections: [Connection], _ view: ClusterView, _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> [Connection: Answer] {
        let credentials = Credentials(client: client, options: options)
        return try await withThrowingTaskGroup(of: (Connection, Answer).self) { group in
            var rest = connections[...]
            var answers: [Connection: Answer] = [:]
            while answers.count < connections.count {
                while let next = rest.first, connections.count - rest.count - answers.count < Self.width {
                    rest = rest.dropFirst()
                    group.addTask { (next, try await ask(next, credentials, view)) }
                }
                guard let (connection, answer) = try await group.next() else { break }
                answers[connection] = answer
                progress(answers.count, connections.count)
            }
            return answers
        }
    }

    private func ask(_ connection: Connection, _ credentials: Credentials, _ view: ClusterView) async throws -> Answer {
        guard view.mayContact(connection) else { return .failure(Silence(reason: .endpointRefused)) }
        do {
            let endpoint = try await credentials.endpoint(for: connection)
            return .success(try await VLLMClient(endpoint: endpoint, http: effects.http).healthyModels())
        } catch let problem as Credentials.Problem {
            return .failure(Silence(reason: problem.reason))
        } catch let error as VLLMError {
            return .failure(Silence(reason: Reason(error)))
        }
    }

    private func unmanaged(
        _ connection: Connection, _ server: Server?, _ answer: Answer, _ view: ClusterView
    ) -> [FleetReport.Unmanaged] {
        guard let server, case .success(let models) = answer else { return [] }
        return models.adapters.filter { !view.isManaged($0.id, $0.root ?? "", in: connection.namespace) }.map {
            FleetReport.Unmanaged(
                namespace: connection.namespace, server: server.name, port: server.id.port, id: $0.id,
                root: $0.root ?? "")
        }
    }
}

extension LoRAAdapter {
    fileprivate func line(servers: [(Server, FleetInspector.Answer?)]) -> FleetReport.Adapter {
        let spec = try? spec.get()
        let (name, path) = (loraName ?? metadata.name, spec?.loraPath ?? "")
        let phase = status.phase ?? "Pending"
        let lines = servers.map { server, answer -> FleetReport.Line in
            let live: FleetReport.Live =
                switch answer {
                case nil: .unknown
                case .failure(let silence): .unreachable(silence.reason)
                case .success(let models):
                    models.adapters.first { $0.id == name }.map { .listed(root: $0.root ?? "") } ?? .absent
                }
            return FleetReport.Line(
                server, status: status.line(of: server), isOmitted: (status.serversOmitted ?? 0) > 0, phase: phase,
                path: path, live: live)
        }
        return FleetReport.Adapter(
            namespace: metadata.namespace, name: metadata.name, loraName: name, path: path,
            service: target.service.name, phase: phase, ready: status.ready ?? "",
            lines: lines.sorted { ($0.server, $0.port) < ($1.server, $1.port) })
    }
}
