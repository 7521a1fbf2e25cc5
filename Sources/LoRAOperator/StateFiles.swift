import FoundationEssentials
import Glibc

/// The files of one directory, by name, as far as keeping state needs them.
///
/// What was written is safe from a power cut only after ``sync(_:)``, and a name only after ``syncNames()``.
protocol StateFiles: Sendable {
    /// The file's bytes; nil where there is none.
    func read(_ name: String) throws -> [UInt8]?
    /// Makes a file that holds `bytes`, or replaces what it held.
    func write(_ bytes: [UInt8], to name: String) throws
    func append(_ bytes: [UInt8], to name: String) throws
    func truncate(_ name: String, to count: Int) throws
    func sync(_ name: String) throws
    /// Gives a file another name at one stroke; a file of that name is gone.
    func rename(_ name: String, to newName: String) throws
    func syncNames() throws
}

extension StateFiles {
    /// Puts `bytes` in the place of a file; whenever the power is cut, there is the old file or the new one.
    func replace(_ name: String, with bytes: [UInt8]) throws {
        let draft = "\(name).new"
        try write(bytes, to: draft)
        try sync(draft)
        try rename(draft, to: name)
        try syncNames()
    }
}

/// Why a state directory cannot be used: what was tried, and what the system said.
struct StateProblem: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    /// The problem that `errno` tells of.
    static func system(_ attempt: String, _ path: String) -> StateProblem {
        StateProblem("cannot \(attempt) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}

/// A directory of this machine, used by one process at a time and readable for its owner alone.
final class StateDirectory: StateFiles {
    let path: String
    /// Open, and locked, as long as this is there; the system unlocks it when the process ends, however it does.
    private let lock: Int32

    /// - Throws: ``StateProblem`` where it cannot be made or used, or another process uses it.
    init(_ path: String) throws {
        self.path = path
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        lock = unsafe open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw StateProblem.system("use the state directory", path) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw StateProblem("another lora-operator uses the state directory \(path)")
        }
    }

    deinit { close(lock) }

    func read(_ name: String) throws -> [UInt8]? {
        let descriptor = unsafe open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw StateProblem.system("read", file(name)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw StateProblem.system("read", file(name)) }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
        }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try withFile(name, O_WRONLY | O_CREAT | O_TRUNC) { try put(bytes, into: $0, name) }
    }

    func append(_ bytes: [UInt8], to name: String) throws {
        try withFile(name, O_WRONLY | O_APPEND) { try put(bytes, into: $0, name) }
    }

    func truncate(_ name: String, to count: Int) throws {
        try withFile(name, O_WRONLY) {
            guard ftruncate($0, count) == 0 else { throw StateProblem.system("shorten", file(name)) }
        }
    }

    func sync(_ name: String) throws {
        try withFile(name, O_WRONLY) {
            guard fsync($0) == 0 else { throw StateProblem.system("store", file(name)) }
        }
    }

    func rename(_ name: String, to newName: String) throws {
        guard unsafe Glibc.rename(file(name), file(newName)) == 0 else {
            throw StateProblem.system("rename", file(name))
        }
    }

    func syncNames() throws {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StateProblem.system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StateProblem.system("store", path) }
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func withFile(_ name: String, _ flags: Int32, _ body: (Int32) throws -> Void) throws {
        let descriptor = unsafe open(file(name), flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateProblem.system("open", file(name)) }
        defer { close(descriptor) }
        try body(descriptor)
    }

    private func put(_ bytes: [UInt8], into descriptor: Int32, _ name: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StateProblem.system("write", file(name)) }
            rest = rest.dropFirst(count)
        }
    }
}
