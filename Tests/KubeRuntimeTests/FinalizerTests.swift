import DynamicJSON
import KubeAPI
import KubeRuntime
import Testing

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
