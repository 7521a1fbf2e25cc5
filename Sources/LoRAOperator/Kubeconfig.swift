import FoundationEssentials
import Glibc

/// The kubeconfig that `local` writes for kubectl.
enum Kubeconfig {
    /// Writes it for its owner alone: whoever can read it can use the API.
    static func write(server: String, to path: String) throws {
        let text = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: lora-operator
              cluster: {server: "\(server)"}
            contexts:
            - name: lora-operator
              context: {cluster: lora-operator, namespace: \(LocalCluster.namespace), user: local}
            current-context: lora-operator
            users:
            - name: local
              user: {}

            """
        // Written beside and moved into place, so that no reader sees half of it, and never with wider rights.
        let draft = "\(path).new"
        // What a killed process left, or somebody else put there, is not written into.
        unsafe _ = unlink(draft)
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw problem(path) }
        let bytes = Array(text.utf8)
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == bytes.count, unsafe rename(draft, path) == 0 else {
            unsafe unlink(draft)
            throw problem(path)
        }
    }

    static func remove(_ path: String) { unsafe _ = unlink(path) }

    private static func problem(_ path: String) -> StartupError {
        let cause = unsafe String(cString: strerror(errno))
        return StartupError("cannot write the kubeconfig \(path): \(cause); name another place with --write-kubeconfig")
    }
}
