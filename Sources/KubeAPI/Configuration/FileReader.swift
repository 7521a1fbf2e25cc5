import FoundationEssentials

/// Reads small files: tokens, certificates, kubeconfigs.
package struct FileReader: Sendable {
    private let contents: @Sendable (String) -> [UInt8]?
    private let isThere: @Sendable (String) -> Bool

    /// `contents` returns nil for a file that is absent or cannot be read, and `isThere` tells the two apart.
    package init(
        contents: @escaping @Sendable (String) -> [UInt8]?,
        isThere: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.contents = contents
        self.isThere = isThere
    }

    /// The machine's own files.
    package static let system = FileReader { path in
        FileManager.default.contents(atPath: path).map([UInt8].init)
    } isThere: { path in
        FileManager.default.fileExists(atPath: path)
    }

    /// The bytes of the file, or nil if it is absent or unreadable.
    package func callAsFunction(_ path: String) -> [UInt8]? { contents(path) }

    /// Whether there is something at `path` that may or may not be read.
    package func exists(_ path: String) -> Bool { isThere(path) }
}
