import FoundationEssentials

/// Reads small files: tokens, certificates, kubeconfigs.
package struct FileReader: Sendable {
    private let contents: @Sendable (String) -> [UInt8]?

    /// `contents` returns nil for a file that is absent or cannot be read.
    package init(contents: @escaping @Sendable (String) -> [UInt8]?) { self.contents = contents }

    /// The machine's own files.
    package static let system = FileReader { path in FileManager.default.contents(atPath: path).map([UInt8].init) }

    /// The bytes of the file, or nil if it is absent or unreadable.
    package func callAsFunction(_ path: String) -> [UInt8]? { contents(path) }
}
