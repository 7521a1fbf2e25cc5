import Effects

/// What `local --state` keeps in its directory: the API's objects, and the secret part of its URL.
struct LocalState: Sendable {
    private static let prefixFile = "path-prefix"

    let log: StateLog
    private let files: any StateFiles

    init(_ files: any StateFiles) throws {
        self.files = files
        log = try StateLog(files)
    }

    /// The same at every start, so that a kubeconfig stays good.
    func pathPrefix(_ random: any RandomSource) throws -> String {
        if let bytes = try files.read(Self.prefixFile) {
            let text = String(decoding: bytes, as: UTF8.self)
            let isPlain = text.dropFirst().utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
            if text.hasPrefix("/"), text.utf8.count > 16, isPlain { return text }
        }
        let prefix = LocalCluster.makePathPrefix(random)
        try files.replace(Self.prefixFile, with: Array(prefix.utf8))
        return prefix
    }
}
