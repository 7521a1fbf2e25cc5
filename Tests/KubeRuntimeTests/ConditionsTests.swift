import DynamicJSON
import KubeAPI
import KubeRuntime
import Testing

struct ConditionsTests {
    private func ready(_ status: Condition.Status, _ reason: String = "R", at time: String = "") -> Condition {
        Condition(type: "Ready", status: status, reason: reason, lastTransitionTime: time)
    }

    @Test func `104: the transition time changes with the status alone`() {
        var conditions: [Condition] = []
        conditions.set(ready(.false, "One"), at: "t1")
        conditions.set(ready(.false, "Two", at: "nonsense"), at: "t2")
        #expect(conditions == [ready(.false, "Two", at: "t1")])

        conditions.set(ready(.true), at: "t3")
        #expect(conditions["Ready"]?.lastTransitionTime == "t3")
    }

    @Test func `106: conditions of other types are left alone`() {
        var conditions = [Condition(type: "Other", status: .true, reason: "X", lastTransitionTime: "t0")]
        conditions.set(ready(.true), at: "t1")
        #expect(conditions.map(\.type) == ["Other", "Ready"])
        #expect(conditions["Other"]?.lastTransitionTime == "t0")
    }

    @Test func `110: wanted conditions carry their times and come sorted`() {
        let wanted = [ready(.true), Condition(type: "Late", status: .true, reason: "X")]
        let carried = wanted.carrying(timesFrom: [ready(.true, at: "t0"), ready(.false, at: "t9")], at: "t5")
        #expect(carried.map(\.type) == ["Late", "Ready"])
        #expect(carried.map(\.lastTransitionTime) == ["t5", "t0"])
    }
}

struct FinalizerTests {
    private let finalizer = Finalizer("lora-operator.dev/unload")

    private func meta(_ finalizers: [String], deleted: Bool = false) -> ObjectMeta {
        ObjectMeta(name: "a", resourceVersion: "9", deletionTimestamp: deleted ? "t" : nil, finalizers: finalizers)
    }

    @Test func `90: it is added behind the others, guarded by the list that was read`() {
        #expect(
            finalizer.addition(to: meta(["x"])) == [
                .test(path: "/metadata/finalizers", value: ["x"]),
                .add(path: "/metadata/finalizers", value: ["x", "lora-operator.dev/unload"]),
            ])
    }

    @Test func `90: the first one is guarded by the object's version`() {
        #expect(
            finalizer.addition(to: meta([])) == [
                .test(path: "/metadata/resourceVersion", value: "9"),
                .add(path: "/metadata/finalizers", value: ["lora-operator.dev/unload"]),
            ])
    }

    @Test func `94: nothing is added twice, or to an object that is being deleted`() {
        #expect(finalizer.addition(to: meta(["lora-operator.dev/unload"])) == nil)
        #expect(finalizer.addition(to: meta([], deleted: true)) == nil)
    }

    @Test func `95: exactly our own is removed`() {
        #expect(
            finalizer.removal(from: meta(["x", "lora-operator.dev/unload", "y"], deleted: true)) == [
                .test(path: "/metadata/finalizers", value: ["x", "lora-operator.dev/unload", "y"]),
                .replace(path: "/metadata/finalizers", value: ["x", "y"]),
            ])
        #expect(finalizer.removal(from: meta(["x"], deleted: true)) == nil)
    }
}
