import Effects

extension World {
    /// Runs the operator, and starts it again whenever it was killed, until this task is cancelled.
    func supervise(_ main: @escaping OperatorMain) async {
        let random = simulation.random("restarts")
        while !Task.isCancelled {
            let number = now.processes.count + 1
            let process = SimulatedProcess(
                "operator-\(number)", in: simulation, crashPoint: number == 1 ? simulation.crashPoint : nil)
            change { $0.processes.append(process) }
            simulation.trace("start \(process.name)")
            process.start { [simulation, network] in
                try await main(ProcessTransport(network, process: process), simulation)
            }
            guard let exit = try? await process.waitForExit() else { return }
            let isStopping = change { state in
                defer { state.isOperatorStopping = false }
                return state.isOperatorStopping
            }
            if exit != .killed, !isStopping { violate("runs until cancelled", "\(process.name) ended: \(exit)") }
            guard (try? await simulation.sleep(for: random.duration(.milliseconds(10)...(.seconds(20))))) != nil else {
                return
            }
        }
    }

    var currentProcess: SimulatedProcess? { now.processes.last }

    /// SIGKILL.
    func killOperator() { currentProcess?.kill() }

    /// SIGTERM, and SIGKILL half a minute later if it is still there.
    func stopOperator() {
        guard let process = currentProcess, process.isAlive else { return }
        change { $0.isOperatorStopping = true }
        simulation.trace("stop \(process.name)")
        process.stop()
        simulation.spawn { [simulation] in
            try? await simulation.sleep(for: .seconds(30))
            if !process.hasEnded { process.kill() }
        }
    }

    // MARK: What others do to servers

    /// Somebody else loads an adapter.
    func loadOutOfBand(_ entry: Entry, on pod: SimulatedPod) async {
        let body = #"{"lora_name":"\#(entry.name)","lora_path":"\#(entry.root)"}"#
        guard await send(body, to: "/v1/load_lora_adapter", of: pod) else { return }
        simulation.trace("somebody loads \(entry) on \(pod.name)")
        _ = change { $0.foreign[pod.containerID, default: []].insert(entry) }
    }

    /// Somebody else unloads an adapter, be it whose it may.
    func unloadOutOfBand(_ entry: Entry, on pod: SimulatedPod) async {
        guard await send(#"{"lora_name":"\#(entry.name)"}"#, to: "/v1/unload_lora_adapter", of: pod) else { return }
        simulation.trace("somebody unloads \(entry) on \(pod.name)")
        _ = change { $0.foreign[pod.containerID]?.remove(entry) }
    }

    private func send(_ body: String, to path: String, of pod: SimulatedPod) async -> Bool {
        let headers = [HTTPHeader("Content-Type", "application/json")]
        let request = HTTPRequest(.post, path, headers: headers, body: Array(body.utf8))
        return (try? await pod.now.server.respond(to: request))?.head.status == 200
    }
}
