import AdapterPlanning
import Testing

@Suite struct DriftTests {
    private func status(
        _ state: ServerStatus.State, incarnation: String = "a", root: String? = "/p", generation: Int64 = 1
    ) -> AdapterStatus {
        var line = ServerStatus(name: "vllm-0", port: 8000, state: state)
        line.incarnation = incarnation
        line.root = root
        var status = AdapterStatus()
        status.observedGeneration = generation
        status.servers = [line]
        return status
    }

    @Test func `a server that lacks what it had has a cause`() {
        let before = status(.loaded)
        #expect(Drift.between(before, status(.loading, incarnation: "b", root: nil)).map(\.cause) == [.restart])
        #expect(Drift.between(before, status(.loading, root: nil)).map(\.cause) == [.vanished])
        #expect(Drift.between(before, status(.loading, root: "/other")).map(\.cause) == [.replaced])
    }

    @Test func `a change that somebody asked for is no drift, nor is a first load or silence`() {
        #expect(Drift.between(status(.loaded), status(.loading, generation: 2)) == [])
        #expect(Drift.between(status(.loading), status(.loading, root: nil)) == [])
        #expect(Drift.between(status(.loaded), status(.unreachable)) == [])
        #expect(Drift.between(AdapterStatus(), status(.loading)) == [])
    }

    @Test func `a loss explains a change only where no server changed otherwise`() {
        func two(_ first: ServerStatus.State, _ second: ServerStatus.State) -> AdapterStatus {
            var status = status(first)
            status.servers?.append(ServerStatus(name: "vllm-1", port: 8000, state: second))
            return status
        }
        #expect(Drift.explains(two(.loading, .loaded), after: two(.loaded, .loaded)))
        #expect(!Drift.explains(two(.loading, .unreachable), after: two(.loaded, .loaded)))
        #expect(!Drift.explains(two(.loading, .loaded), after: status(.loaded)), "a server more")
        #expect(!Drift.explains(two(.loaded, .loaded), after: two(.loaded, .loaded)), "no loss")
    }

    @Test func `a repair is told once, when all servers that lost the adapter hold it again`() {
        func both(_ first: ServerStatus.State, _ second: ServerStatus.State, incarnation: String = "a") -> AdapterStatus
        {
            var status = status(first, root: first == .loaded ? "/p" : nil)
            var line = ServerStatus(name: "vllm-1", port: 8000, state: second)
            line.incarnation = incarnation
            status.servers?.append(line)
            return status
        }
        var drifts = OpenDrifts()
        let steps = [
            both(.loaded, .loaded), both(.loading, .loaded), both(.loading, .loading, incarnation: "b"),
            both(.loaded, .loading, incarnation: "b"), both(.loaded, .loaded, incarnation: "b"),
            both(.loaded, .loaded, incarnation: "b"),
        ]
        let told = zip(steps, steps.dropFirst()).map { drifts.follow(from: $0, to: $1) }
        #expect(told.map(\.count) == [0, 0, 0, 1, 0])
        #expect(told[3].first?.reason == "DriftRepaired" && told[3].first?.isWarning == false)
        #expect(told[3].first?.note == "loaded again on vllm-0 (vanished), vllm-1 (restart)")
        #expect(drifts.isEmpty)
    }

    @Test func `what is not loaded again is not told to be, and a server that is gone keeps nobody waiting`() {
        var drifts = OpenDrifts()
        #expect(drifts.follow(from: status(.loaded), to: status(.loading, root: nil)) == [])
        #expect(drifts.follow(from: status(.loading, root: nil), to: status(.failed, root: nil)) == [])
        var gone = status(.loaded)
        gone.servers = nil
        #expect(drifts.follow(from: status(.failed, root: nil), to: gone) == [] && drifts.isEmpty)
        _ = drifts.follow(from: status(.loaded), to: status(.loading, root: nil))
        #expect(drifts.follow(from: status(.loading), to: status(.loading, generation: 2)) == [] && drifts.isEmpty)
    }
}
