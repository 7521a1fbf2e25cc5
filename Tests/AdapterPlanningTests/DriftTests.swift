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
        #expect(StatusEvent.drift(between: before, status(.loading, incarnation: "b", root: nil)) == [.restart])
        #expect(StatusEvent.drift(between: before, status(.loading, root: nil)) == [.vanished])
        #expect(StatusEvent.drift(between: before, status(.loading, root: "/other")) == [.replaced])
    }

    @Test func `a change that somebody asked for is no drift, nor is a first load or silence`() {
        #expect(StatusEvent.drift(between: status(.loaded), status(.loading, generation: 2)) == [])
        #expect(StatusEvent.drift(between: status(.loading), status(.loading, root: nil)) == [])
        #expect(StatusEvent.drift(between: status(.loaded), status(.unreachable)) == [])
        #expect(StatusEvent.drift(between: AdapterStatus(), status(.loading)) == [])
    }
}
