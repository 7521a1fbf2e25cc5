import Synchronization

@testable import LoRAOperator

/// Files in memory that lose at a power cut whatever was not synced, as a disk may: any part of it, in any order.
final class PowerCutFiles: StateFiles {
    struct Failure: Error {}

    private struct File {
        var content: [UInt8] = []
        /// What is safe: bytes that were never synced may be there, or not, or be rubbish.
        var safe: [UInt8] = []
    }

    private struct State {
        /// File numbers by name, as a process sees them, and as they are after a cut.
        var names: [String: Int] = [:]
        var safeNames: [String: Int] = [:]
        var files: [Int: File] = [:]
        var next = 0
        var failure: Int?
    }

    private let state = Mutex(State())

    /// Lets the operation fail that comes after so many more.
    func fail(after count: Int) { state.withLock { $0.failure = count } }

    private func operate<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let left = state.failure {
                state.failure = left > 0 ? left - 1 : nil
                if left == 0 { throw Failure() }
            }
            return try body(&state)
        }
    }

    func read(_ name: String) throws -> [UInt8]? {
        try operate { state in state.names[name].flatMap { state.files[$0]?.content } }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try operate { state in
            if state.names[name] == nil {
                state.next += 1
                state.names[name] = state.next
            }
            guard let number = state.names[name] else { throw Failure() }
            state.files[number, default: File()].content = bytes
        }
    }

    func append(_ bytes: [UInt8], to name: String) throws {
        try operate { state in
            guard let number = state.names[name] else { throw Failure() }
            state.files[number]?.content += bytes
        }
    }

    func truncate(_ name: String, to count: Int) throws {
        try operate { state in
            guard let number = state.names[name], let file = state.files[number] else { throw Failure() }
            state.files[number]?.content = Array(file.content.prefix(count))
        }
    }

    func sync(_ name: String) throws {
        try operate { state in
            guard let number = state.names[name], let file = state.files[number] else { throw Failure() }
            state.files[number]?.safe = file.content
        }
    }

    func rename(_ name: String, to newName: String) throws {
        try operate { state in
            guard let number = state.names.removeValue(forKey: name) else { throw Failure() }
            state.names[newName] = number
        }
    }

    func syncNames() throws { try operate { $0.safeNames = $0.names } }

    /// Cuts the power: what was synced is there, of the rest whatever `random` lets survive.
    func cut(_ random: inout some RandomNumberGenerator) {
        state.withLock { state in
            if Bool.random(using: &random) { state.safeNames = state.names }
            state.names = state.safeNames
            for (number, file) in state.files.sorted(by: { $0.key < $1.key }) {
                var survived = file.safe
                if file.content.starts(with: file.safe) {
                    let rest = file.content.dropFirst(file.safe.count)
                    var part = Array(rest.prefix(Int.random(in: 0...rest.count, using: &random)))
                    if !part.isEmpty, Bool.random(using: &random) {
                        part[Int.random(in: part.indices, using: &random)] = 0
                    }
                    survived += part
                } else if Bool.random(using: &random) {
                    survived = Array(file.content.prefix(Int.random(in: 0...file.content.count, using: &random)))
                }
                state.files[number] = File(content: survived, safe: survived)
            }
            state.failure = nil
        }
    }
}
