import AdapterController
import AdapterFiles
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
    /// In bytes; objects have at most one MiB.
    private static let sizeLimit = 4 << 20

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
        var holdings = ManifestHoldings()
        var broken: Set<String> = []
        var trouble = Trouble(path: path, logger: logger)
        var hasSwept = false
        // What is still to be deleted, and which file named it.
        var gone: [(key: ManifestKey, file: String)] = []
        while true {
            let files = read()
            trouble.tell(files)
            for step in look.steps(after: files?.texts, unreadable: Set((files?.problems ?? [:]).keys)) {
                let change: ManifestHoldings.Change
                var mustRepeat = false
                switch step {
                case .apply(let file, let text):
                    let outcome = try await apply(text, file, &holdings, &trouble)
                    change = outcome.change
                    mustRepeat = outcome.mustRepeat
                    if outcome.isSound { broken.remove(file) } else { broken.insert(file) }
                case .remove(let file):
                    broken.remove(file)
                    change = holdings.set([], of: file)
                }
                if !mustRepeat { look.took(step) }
                change.heirs.forEach { look.repeats($0) }
                gone += change.gone.map { ($0, step.file) }
            }
            do {
                while let next = gone.first {
                    if !holdings.isNamed(next.key) { try await delete(next.key, next.file) }
                    gone.removeFirst()
                }
            } catch let error as APIError {
                logger.warning("the API does not delete now", metadata: ["error": "\(error)"])
            }
            if !hasSwept, look.isSettled, broken.isEmpty, files?.problems.isEmpty == true {
                hasSwept = try await sweep(besides: holdings)
            }
            try await time.sleep(for: Self.interval)
        }
    }

    /// The files by name; nil where the directory cannot be read, which says nothing about its files.
    private func read() -> Files? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
        var files = Files()
        for name in names where !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml")) {
            do throws(ReadableFile.Failure) {
                let file = try ReadableFile("\(path)/\(name)")
                guard file.size <= Self.sizeLimit, let bytes = file.read(at: 0, count: file.size) else {
                    files.problems[name] = file.size > Self.sizeLimit ? "it is larger than 4 MiB" : "the disk fails"
                    continue
                }
                files.texts[name] = String(validating: bytes, as: UTF8.self)
                if files.texts[name] == nil { files.problems[name] = "it is not UTF-8" }
            } catch {
                switch error {
                // Removed just now, or a link whose file was.
                case .missing: break
                case .notAFile: files.problems[name] = "it is not a regular file"
                case .unreadable(let why): files.problems[name] = why
                }
            }
        }
        return files
    }

    /// What a look shows.
    private struct Files {
        var texts: [String: String] = [:]
        /// Why others cannot be read.
        var problems: [String: String] = [:]
    }

    /// Tells once what cannot be read.
    private struct Trouble {
        var path: String
        var logger: Logger
        private var isHidden = false
        private var told: [String: String] = [:]
        private var refusals: [String: Set<String>] = [:]

        init(path: String, logger: Logger) {
            self.path = path
            self.logger = logger
        }

        func hasTold(_ refusal: String, of file: String) -> Bool { refusals[file]?.contains(refusal) == true }

        /// These are the refusals of a file now.
        mutating func keep(_ all: Set<String>, of file: String) { refusals[file] = all.isEmpty ? nil : all }

        mutating func tell(_ files: Files?) {
            if (files == nil) != isHidden {
                isHidden.toggle()
                if isHidden {
                    logger.error("the manifests cannot be read; their objects stay", metadata: ["directory": "\(path)"])
                } else {
                    logger.info("the manifests can be read again", metadata: ["directory": "\(path)"])
                }
            }
            guard let files else { return }
            for (name, problem) in files.problems.sorted(by: { $0.key < $1.key }) where told[name] != problem {
                logger.error(
                    "a manifest cannot be read; its objects stay",
                    metadata: ["file": "\(path)/\(name)", "error": "\(problem)"])
            }
            told = files.problems
        }
    }

    /// Applies a file.
    ///
    /// One that is broken or refused is told, and takes nothing away until it is mended.
    private func apply(
        _ text: String, _ file: String, _ holdings: inout ManifestHoldings, _ trouble: inout Trouble
    ) async throws -> (change: ManifestHoldings.Change, isSound: Bool, mustRepeat: Bool) {
        let manifests: [Manifest]
        do {
            manifests = try Manifest.read(text, file: file)
        } catch let problem as Manifest.Problem {
            logger.error(
                "a manifest cannot be applied",
                metadata: ["file": "\(path)/\(file):\(problem.line)", "error": "\(problem)"])
            return (ManifestHoldings.Change(), false, false)
        }
        var (isRefused, mustRepeat) = (false, false)
        var refusals: Set<String> = []
        for manifest in manifests {
            func tell(_ message: Logger.Message, _ error: String) {
                logger.error(message, metadata: ["file": "\(path)/\(file):\(manifest.line)", "error": "\(error)"])
            }
            if let other = holdings.holder(of: manifest.key, besides: file) {
                // It may be on its way from one file to the other.
                let refusal = "\(manifest.line) in \(other)"
                refusals.insert(refusal)
                if trouble.hasTold(refusal, of: file) {
                    tell(
                        "an object is in two manifests", "\(manifest.key) is in \(other) too, which counts: remove one")
                } else {
                    mustRepeat = true
                }
                continue
            }
            do {
                try await manifest.key.apply(manifest.object, with: client)
            } catch let error as APIError {
                isRefused = true
                // A full disk is refused with 500, and so is what is refused for ever.
                mustRepeat = mustRepeat || error.isTransient
                refusals.insert("\(manifest.line) \(error)")
                if !trouble.hasTold("\(manifest.line) \(error)", of: file) {
                    tell("a manifest was refused", "\(error)")
                }
            }
        }
        trouble.keep(refusals, of: file)
        let change = holdings.set(Set(manifests.map(\.key)), of: file, keepsFormer: isRefused)
        return (change, !isRefused, mustRepeat)
    }

    private func delete(_ key: ManifestKey, _ file: String) async throws {
        do {
            try await key.delete(with: client)
            logger.info("deleted with its manifest", metadata: ["file": "\(path)/\(file)", "object": "\(key)"])
        } catch let error as APIError where error.isNotFound {
            // Somebody else was faster.
        }
    }

    /// Deletes what a former process applied from files that are gone by now; returns whether that could be found out.
    private func sweep(besides holdings: ManifestHoldings) async throws -> Bool {
        do {
            for (key, file) in try await ManifestKey.applied(with: client) {
                if !holdings.isNamed(key) { try await delete(key, file) }
            }
            return true
        } catch is APIError {
            return false
        }
    }
}
