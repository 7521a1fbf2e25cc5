import DynamicJSON
import KubeSimulator

extension World {
    /// Creates a LoRAAdapter as a user does.
    func createAdapter(_ name: String, spec: JSONValue) throws {
        simulation.trace("create \(name) \(spec.text)")
        try kube.create([
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter",
            "metadata": ["name": .string(name), "namespace": .string(Self.namespace)], "spec": spec,
        ])
        note(spec: spec, of: name)
    }

    /// Changes a spec as a user does.
    func editAdapter(_ name: String, _ edit: (inout JSONValue) -> Void) throws {
        guard let former = adapter(name), let spec = former.object["spec"] else { return }
        var object = former.object
        var edited = spec
        edit(&edited)
        object["spec"] = edited
        simulation.trace("edit \(name) \(edited.text)")
        try kube.replace(object)
        change { $0.former.append((simulation.now, former)) }
        noteRelease(of: name)
        noteWithdrawal(adapter(name), of: spec)
        note(spec: edited, of: name)
    }

    func deleteAdapter(_ name: String) throws {
        guard let adapter = adapter(name), !adapter.isTerminating else { return }
        simulation.trace("delete \(name)")
        try kube.delete("loraadapters", namespace: Self.namespace, name: name)
        noteRelease(of: name)
        noteWithdrawal(nil, of: adapter.object["spec"] ?? [:])
    }

    /// What an object that goes with `Orphan` has on servers may stay there.
    private func noteRelease(of name: String) {
        guard let adapter = adapter(name), adapter.isTerminating, adapter.isOrphaning else { return }
        change { $0.orphaned.formUnion(adapter.claims + [adapter.entry]) }
    }

    /// What an object is, and what it was within `time`: for so long a process may go by it.
    func versions(of adapter: Adapter, within time: Duration) -> [Adapter] {
        let since = simulation.now - time
        return now.former.filter { $0.at >= since && $0.adapter.uid == adapter.uid }.map(\.adapter) + [adapter]
    }

    private func noteWithdrawal(_ now: Adapter?, of spec: JSONValue) {
        guard spec["conflictPolicy"]?.stringValue == "Overwrite", let loraName = spec["loraName"]?.stringValue else {
            return
        }
        guard now?.overwrites != true || now?.loraName != loraName || now?.isSuspended == true else { return }
        change { $0.withdrawn[loraName] = simulation.now }
    }

    private func note(spec: JSONValue, of name: String) {
        // In place, what came since the last list is replaced unseen: vLLM cannot be asked to compare.
        let isInPlace = spec["update", "strategy"]?.stringValue == "InPlace"
        guard isInPlace || spec["conflictPolicy"]?.stringValue == "Overwrite" else { return }
        _ = change { $0.overwritten.insert(spec["loraName"]?.stringValue ?? name) }
    }
}
