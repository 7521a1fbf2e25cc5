import AdapterPlanning
import Testing

@testable import AdapterController

/// What `lora-operator status` takes for a difference.
struct FleetReportTests {
    private func difference(
        _ state: ServerStatus.State?, _ live: FleetReport.Live, omitted: Bool = false, phase: String = "Ready"
    ) -> String? {
        let server = Server(id: ServerID(owner: "uid", port: 8000), name: "vllm-0", address: "10.0.0.1")
        let status = state.map { ServerStatus(name: "vllm-0", port: 8000, state: $0) }
        return FleetReport.Line(
            server, status: status, isOmitted: omitted, phase: phase, path: "/a", live: live
        ).difference
    }

    @Test func `what the server says as well is no difference`() {
        let agreed: [(ServerStatus.State?, FleetReport.Live)] = [
            (.loaded, .listed(root: "/a")), (.onDemand, .absent), (.onDemand, .listed(root: "/a")), (.absent, .absent),
            (.unreachable, .unreachable(.connectTimeout)), (.unknown, .unreachable(.serverError)), (.failed, .absent),
            (.conflict, .listed(root: "/b")), (.loading, .absent), (.loading, .listed(root: "/a")),
            (.unloading, .listed(root: "/a")), (nil, .absent), (nil, .listed(root: "/b")),
        ]
        for (state, live) in agreed { #expect(difference(state, live) == nil, "\(String(describing: state)) \(live)") }
        for state in [nil, ServerStatus.State.loaded, .unreachable] { #expect(difference(state, .unknown) == nil) }
    }

    @Test func `whatever else it says is one`() {
        let differing: [(ServerStatus.State?, FleetReport.Live)] = [
            (.loaded, .absent), (.loaded, .listed(root: "/b")), (.loaded, .unreachable(.connectTimeout)),
            (.onDemand, .listed(root: "/b")), (.onDemand, .unreachable(.connectTimeout)), (.unreachable, .absent),
            (.unreachable, .listed(root: "/a")), (.unknown, .listed(root: "/a")), (.absent, .listed(root: "/a")),
            (.failed, .listed(root: "/a")), (.conflict, .listed(root: "/a")), (nil, .listed(root: "/a")),
        ]
        for (state, live) in differing {
            #expect(difference(state, live) != nil, "\(String(describing: state)) \(live)")
        }
    }

    @Test func `of servers that status leaves out the phase speaks`() {
        #expect(difference(nil, .listed(root: "/a"), omitted: true) == nil)
        #expect(difference(nil, .absent, omitted: true) != nil)
        #expect(difference(nil, .absent, omitted: true, phase: "Loading") == nil)
        #expect(difference(nil, .listed(root: "/a"), omitted: true, phase: "Loading") == nil)
    }
}
