import DynamicJSON
import Effects
import KubeSimulator
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Rows of docs/faults.md about the operator itself.
@Suite struct OperatorFaultTests {
    @Test func `O2: an operator that is killed every few seconds gets ahead all the same`() async throws {
        try await inWorld { world in
            for index in 0..<10 { try world.createAdapter("a\(index)", spec: spec("/a/\(index)")) }
            // It is back within 20 s, and then has between one and three.
            for _ in 0..<60 {
                try await world.becomes("it runs") { $0.currentProcess?.isAlive == true }
                try await world.simulation.sleep(
                    for: world.simulation.operatorRandom.duration(.seconds(1)...(.seconds(3))))
                world.killOperator()
            }
            let ready = world.adapters.count { $0.phase == "Ready" }
            #expect(ready >= 8, "\(ready) of 10")
            for index in 0..<10 { try await world.reaches("Ready", "a\(index)") }
            #expect(world.pods.allSatisfy { pod in (0..<10).allSatisfy { pod.server.loadCount(of: "a\($0)") <= 2 } })
        }
    }

    @Test func `O3: what a load brings whose sender was stopped is found by the next one, and not loaded again`()
        async throws
    {
        try await inWorld { world in
            for pod in world.pods { pod.server.reconfigure { $0.loadDuration = .seconds(60) } }
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(10)
            world.stopOperator()
            try await world.reaches("Ready")
            // The next one cannot know that the load goes on: it asks again, and is told that it is there.
            #expect(world.loads().allSatisfy { $0 <= 2 })
            #expect(world.pods.allSatisfy { $0.server.requestCount(.unload) == 0 })
        }
    }

    @Test func `O4, 129: two that both act come to the same, without loading against each other`() async throws {
        try await inWorld(isStormy: true) { world in
            let other = SimulatedProcess("other", in: world.simulation)
            let main = OperatorScenario.main(probeInterval: .seconds(30))
            other.start { [network = world.network, simulation = world.simulation] in
                try await main(ProcessTransport(network, process: other), simulation)
            }
            for index in 0..<6 { try world.createAdapter("a\(index)", spec: spec("/a/\(index)")) }
            for index in 0..<6 { try await world.reaches("Ready", "a\(index)") }
            for index in 0..<6 { try world.editAdapter("a\(index)") { $0["loraPath"] = .string("/b/\(index)") } }
            for index in 0..<6 { try await world.reaches("Ready", "a\(index)") }
            try await world.sleep(120)
            let loads = world.pods.map { $0.server.requestCount(.load) }
            // Two paths of six adapters, each perhaps sent by both.
            #expect(loads.allSatisfy { $0 <= 30 }, "\(loads)")
            let changes = world.changes
            let writes = world.countKubeRequests { !$0.method.isSafe && $0.url.contains("/loraadapters") }
            try await world.sleep(1800)
            #expect(writes.count == 0, "at rest both keep quiet")
            #expect(world.changes == changes)
            for index in 0..<6 { try world.deleteAdapter("a\(index)") }
            try await world.becomes("all is clean") { $0.adapters.isEmpty && $0.hold([:]) }
            other.kill()
        }
    }

    @Test func `135: each life of an operator that crashes sends a load that fails once, at most`() async throws {
        try await inWorld(pods: 1) { world in
            try world.createAdapter("sql", spec: spec("/nowhere"))
            try await world.reaches("Failed")
            let before = world.loads()[0]
            for _ in 0..<20 {
                try await world.becomes("it runs") { $0.currentProcess?.isAlive == true }
                try await world.sleep(3)
                world.killOperator()
            }
            #expect(world.loads()[0] - before <= 20, "\(world.loads()[0] - before) in 20 lives")
            #expect(world.adapter("sql")?.phase == "Failed")
        }
    }

    @Test func `89: while servers are loaded, one after the other, counts are written at most once a second`()
        async throws
    {
        try await inWorld(pods: 16) { world in
            for (index, pod) in world.pods.enumerated() {
                pod.server.reconfigure { $0.loadDuration = .milliseconds(500 + 270 * Int64(index)) }
            }
            let writes = world.countKubeRequests { $0.isStatusWrite }
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            var last: (at: Duration, news: [JSONValue?])?
            var minor = 0
            for (request, time) in writes.all {
                let status = try JSONParser.parse(request.body ?? [])["status"]
                let verdicts = status?["conditions"]?.arrayValue?.map {
                    "\($0["type"]?.text ?? "") \($0["status"]?.text ?? "")"
                }
                let news = [status?["phase"], status?["claims"], .string(verdicts?.joined() ?? "")]
                if let last, last.news == news {
                    minor += 1
                    #expect(time - last.at >= .seconds(1))
                }
                last = (time, news)
            }
            #expect(minor >= 2, "there was something to hold back")
        }
    }

    @Test func `81: status goes through its subresource alone, and all other writes touch finalizers`() async throws {
        try await inWorld { world in
            let writes = world.countKubeRequests { !$0.method.isSafe && $0.url.contains("/loraadapters") }
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            try world.editAdapter("sql") { $0["loraPath"] = "/a/next" }
            try await world.becomes("moved") { $0.hold(["sql": "/a/next"]) }
            try await world.reaches("Ready")
            try world.deleteAdapter("sql")
            try await world.becomes("gone") { $0.adapter("sql") == nil }
            var paths: Set<String> = []
            for (request, _) in writes.all {
                let body = try JSONParser.parse(request.body ?? [])
                if request.isStatusWrite {
                    #expect(Set((body.objectValue ?? [:]).keys) == ["apiVersion", "kind", "metadata", "status"])
                    let metadata = Set((body["metadata"]?.objectValue ?? [:]).keys)
                    #expect(metadata.isSubset(of: ["name", "namespace", "uid", "resourceVersion"]), "\(metadata)")
                    #expect(metadata.contains("resourceVersion"))
                } else {
                    #expect(request.isFinalizerPatch)
                    for operation in body.arrayValue ?? [] { paths.insert(operation["path"]?.stringValue ?? "") }
                }
            }
            #expect(paths.isSubset(of: ["/metadata/finalizers", "/metadata/resourceVersion"]), "\(paths)")
            #expect(writes.all.contains { $0.request.isStatusWrite } && !paths.isEmpty)
            // A status for an object that is gone makes none.
            let gone = try await world.kube.respond(
                to: HTTPRequest(
                    .patch, "/apis/lora-operator.dev/v1alpha1/namespaces/demo/loraadapters/sql/status?fieldManager=x",
                    headers: [HTTPHeader("Content-Type", "application/apply-patch+yaml")],
                    body: try #require(writes.all.last { $0.request.isStatusWrite }).request.body))
            #expect(gone.head.status == 404 || gone.head.status == 409)
        }
    }

    @Test
    func `171: a server behind TLS is asked with the authority of the Secret, and by the name that is to be verified`()
        async throws
    {
        try await inWorld(pods: 1) { world in
            let secure = Counter()
            world.network.observe { event in
                if case .sent(let exchange) = event, exchange.authority == world.pods.first?.authority {
                    secure.note(exchange.request, at: world.simulation.now)
                }
            }
            let target: JSONValue = [
                "service": ["name": "a"], "scheme": "https", "tls": ["caSecretRef": ["name": "ca", "key": "ca.crt"]],
            ]
            try world.createAdapter("sql", spec: spec("/a/sql", ["target": target]))
            try await world.becomes("the Secret is missing") { $0.reason() == "SecretNotFound" }
            #expect(secure.count == 0, "nothing is asked without the authority")
            try world.kube.create([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "ca", "namespace": "demo"],
                "data": ["ca.crt": "UEVN"],
            ])
            try await world.reaches("Ready")
            #expect(secure.all.allSatisfy { $0.request.options.tls.authorities == Array("PEM".utf8) })
            #expect(secure.all.allSatisfy { $0.request.options.tls.serverName == "a.demo.svc" })
            secure.reset()
            try world.editAdapter("sql") { $0["target", "tls", "serverName"] = "vllm.example" }
            try await world.sleep(60)
            #expect(secure.count > 0)
            #expect(secure.all.allSatisfy { $0.request.options.tls.serverName == "vllm.example" })
        }
    }
}
