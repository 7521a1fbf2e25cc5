import VLLMSimulator

extension World {
    /// Runs the operator, and starts it again whenever it was killed, until this task is cancelled.
    func supervise(_ main: @escaping OperatorMain) async {
        let random = simulation.random("restarts")
        while !Task.isCancelled {
            let number = now.processes.count + 1
            let process = SimulatedProcess(
                "operator-\(number)", in: simulation, crashPoint: number == 1 ? simulation.crashPoint : nil)
            change { state in
                state.processes.append(process)
                state.sightedAt = simulation.now
            }
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

    /// Somebody else loads an adapter, or replaces one.
    ///
    /// vLLM lets a second load of a name wait for the first, and refuses it then.
    func loadOutOfBand(_ entry: Entry, on pod: SimulatedPod) {
        guard !pod.server.isLoading(entry.name) else { return }
        simulation.trace("somebody loads \(entry) on \(pod.name)")
        let replaced = pod.entries.filter { $0.name == entry.name }
        pod.server.loadOutOfBand(name: entry.name, path: entry.root)
        change { state in
            state.foreign[pod.containerID, default: []].subtract(replaced)
            state.foreign[pod.containerID, default: []].insert(entry)
            state.placed[pod.containerID, default: [:]][entry] = simulation.now
        }
    }

    /// Somebody else unloads an adapter, be it whose it may.
    func unloadOutOfBand(_ entry: Entry, on pod: SimulatedPod) {
        simulation.trace("somebody unloads \(entry) on \(pod.name)")
        pod.server.unloadOutOfBand(name: entry.name)
        _ = change { $0.foreign[pod.containerID]?.remove(entry) }
    }
}
