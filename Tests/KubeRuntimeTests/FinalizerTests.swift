import DynamicJSON
import KubeAPI
import KubeRuntime
import Testing

struct FinalizerTests {
    private let finalizer = Finalizer("lora-operator.dev/unload")

    private func meta(_ finalizers: [String], deleted: Bool = false) -> ObjectMeta {
        ObjectMeta(name: "a", resourceVersion: "9", deletionTimestamp: deleted ? "t" : nil, finalizers: finalizers)
    }

    @Test(arguments: [[], ["x"]])
    func `90: it is added behind the others, to no other version of the object`(others: [String]) {
        #expect(
            finalizer.addition(to: meta(others)) == [
                .test(path: "/metadata/resourceVersion", value: "9"),
                .add(
                    path: "/metadata/finalizers",
                    value: .array((others + ["lora-operator.dev/unload"]).map(JSONValue.string))),
            ])
    }

    @Test func `94: nothing is added twice, or to an object that is being deleted`() {
        #expect(finalizer.addition(to: meta(["lora-operator.dev/unload"])) == nil)
        #expect(finalizer.addition(to: meta([], deleted: true)) == nil)
    }

    @Test func `95: exactly our own is removed, from no other version of the object`() {
        #expect(
            finalizer.removal(from: meta(["x", "lora-operator.dev/unload", "y"], deleted: true)) == [
                .test(path: "/metadata/resourceVersion", value: "9"),
                .replace(path: "/metadata/finalizers", value: ["x", "y"]),
            ])
        #expect(finalizer.removal(from: meta(["x"], deleted: true)) == nil)
    }
}
