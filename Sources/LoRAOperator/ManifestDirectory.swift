import Effects
import FoundationEssentials
import KubeAPI
import Logging

/// A directory of YAML files whose objects `local` applies, again whenever a file changes.
///
/// A file that is removed takes its objects along. A file that cannot be read, now or any more, deletes nothing.
struct ManifestDirectory: Sendable {
    static let interval = Duration.seconds(1)

    var path: String
    var client: KubeClient
    var time: any TimeSource
    var logger: Logger

    static func check(_ path: String) throws {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
            throw StartupError.usage("--manifests '\(path)' is not a directory")
        }
    }

    /// Runs until the task is cancelled.
    func watch() async throws {
        var texts: [String: String] = [:]
        var objects: [String: Set<ManifestKey>] = [:]
        while true {
            if let now = read() {
                for (file, text) in now.sorted(by: { $0.key < $1.key }) where texts[file] != text {
                    switch try await apply(text, file) {
                    case .done(let applied):
                        let kept = objects.filter { $0.key != file }.values.reduce(applied) { $0.union($1) }
                        try await delete(objects[file, default: []].subtracting(kept), file)
                        objects[file] = applied
                        texts[file] = text
                    case .broken: texts[file] = text
                    case .later: break
                    }
                }
                for file in texts.keys.sorted() where now[file] == nil {
                    let gone = objects.removeValue(forKey: file) ?? []
                    try await delete(gone.subtracting(objects.values.reduce([]) { $0.union($1) }), file)
                    texts[file] = nil
                }
            }
            try await time.sleep(for: Self.interval)
        }
    }

    /// The files by name; nil where the directory cannot be read, which says nothing about its files.
    private func read() -> [String: String]? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
        var texts: [String: String] = [:]
        for name in names where !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml")) {
            guard let text = try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) else { return nil }
            texts[name] = text
        }
        return texts
    }

    private enum Application {
        /// The objects that the file stands for.
        case done(Set<ManifestKey>)
        /// Told, and left until the file changes; what it held before stays.
        case broken
        /// The API did not take it now.
        case later
    }

    private func apply(_ text: String, _ file: String) async throws -> Application {
        let manifests: [Manifest]
        do {
            manifests = try Manifest.read(text)
        } catch {
            logger.error("a manifest cannot be applied", metadata: ["file": "\(path)/\(file)", "error": "\(error)"])
            return .broken
        }
        for manifest in manifests {
            do {
                try await manifest.key.apply(manifest.object, with: client)
            } catch let error as APIError {
                logger.error("a manifest was refused", metadata: ["file": "\(path)/\(file)", "error": "\(error)"])
                if error.isTransient { return .later }
            }
        }
        return .done(Set(manifests.map(\.key)))
    }

    private func delete(_ keys: Set<ManifestKey>, _ file: String) async throws {
        for key in keys.sorted() {
            do {
                try await key.delete(with: client)
                logger.info("deleted with its manifest", metadata: ["file": "\(path)/\(file)", "object": "\(key)"])
            } catch let error as APIError where error.isNotFound {
                // Somebody else was faster.
            }
        }
    }
}
