import AdapterController
import Effects
import FoundationEssentials
import KubeAPI
import Logging

/// A directory of YAML files whose objects `local` applies, again whenever a file changes.
///
/// A file that is removed takes its objects along, also one that was removed while nobody looked. A file that cannot be
/// read, now or any more, deletes nothing.
struct ManifestDirectory: Sendable {
    static let interval = Duration.milliseconds(500)

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
        var look = ManifestLook()
        var objects: [String: Set<ManifestKey>] = [:]
        var broken: Set<String> = []
        var hasSwept = false
        while true {
            for step in look.steps(after: read()) {
                do {
                    switch step {
                    case .apply(let file, let text):
                        if let applied = try await apply(text, file) {
                            broken.remove(file)
                            let gone = objects.updateValue(applied, forKey: file) ?? []
                            try await delete(gone, besides: objects, file)
                        } else {
                            broken.insert(file)
                        }
                    case .remove(let file):
                        broken.remove(file)
                        try await delete(objects.removeValue(forKey: file) ?? [], besides: objects, file)
                    }
                    look.took(step)
                } catch let error as APIError {
                    // The same step comes again with the next look.
                    logger.warning("the API does not take a manifest now", metadata: ["error": "\(error)"])
                }
            }
            if !hasSwept, look.isSettled, broken.isEmpty { hasSwept = try await sweep(besides: objects) }
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

    /// Applies a file and returns the objects that it stands for; nil where it is broken: told, and left until it changes.
    private func apply(_ text: String, _ file: String) async throws -> Set<ManifestKey>? {
        let manifests: [Manifest]
        do {
            manifests = try Manifest.read(text, file: file)
        } catch let problem as Manifest.Problem {
            logger.error(
                "a manifest cannot be applied",
                metadata: ["file": "\(path)/\(file):\(problem.line)", "error": "\(problem)"])
            return nil
        }
        for manifest in manifests {
            do {
                try await manifest.key.apply(manifest.object, with: client)
            } catch let error as APIError where !error.isTransient {
                logger.error(
                    "a manifest was refused",
                    metadata: ["file": "\(path)/\(file):\(manifest.line)", "error": "\(error)"])
            }
        }
        return Set(manifests.map(\.key))
    }

    /// Deletes what a file stood for and no file stands for now.
    private func delete(
        _ keys: Set<ManifestKey>, besides objects: [String: Set<ManifestKey>], _ file: String
    ) async throws {
        for key in keys.subtracting(objects.values.reduce([]) { $0.union($1) }).sorted() {
            do {
                try await key.delete(with: client)
                logger.info("deleted with its manifest", metadata: ["file": "\(path)/\(file)", "object": "\(key)"])
            } catch let error as APIError where error.isNotFound {
                // Somebody else was faster.
            }
        }
    }

    /// Deletes what a former process applied from files that are gone by now; returns whether that could be found out.
    private func sweep(besides objects: [String: Set<ManifestKey>]) async throws -> Bool {
        do {
            for (key, file) in try await ManifestKey.applied(with: client) {
                try await delete([key], besides: objects, file)
            }
            return true
        } catch is APIError {
            return false
        }
    }
}
