import DynamicJSON
import KubeSimulator
import Synchronization

/// Keeps what the API server of `local` holds: one record a line, each with its checksum, and the first one holding all.
///
/// A record is on the disk before ``append(_:everything:)`` returns. When the records outweigh what they say, they are
/// written anew beside the old ones and moved into their place.
final class StateLog: Journal {
    static let file = "objects.log"
    /// First of all lines, so that no other file is taken for one.
    private static let heading: JSONValue = ["lora-operator": "local state", "version": 1]

    private struct State {
        var size = 0
        /// The size when all was last written anew.
        var baseSize = 0
        /// False after a write that failed: nobody knows what of it is on the disk.
        var isSound = false
    }

    private let files: any StateFiles
    private let compactionSize: Int
    private let state: Mutex<State>
    /// What was stored, in order; empty at the first start.
    let records: [JSONValue]
    /// How many bytes of a record that was never finished were found at the end.
    let unfinished: Int

    /// - Throws: ``StateProblem`` where the file is damaged in a way that no power cut explains.
    init(_ files: any StateFiles, compactionSize: Int = 4 << 20) throws {
        self.files = files
        self.compactionSize = compactionSize
        let content = try files.read(Self.file) ?? []
        (records, unfinished) = try Self.parse(content)
        state = Mutex(State())
    }

    func append(_ record: JSONValue, everything: () -> JSONValue) throws {
        let line = Self.line(record)
        try state.withLock { state in
            let isDue = state.size > max(compactionSize, 4 * state.baseSize)
            guard state.isSound, !isDue else {
                let all = Self.line(Self.heading) + Self.line(everything())
                state.isSound = false
                try files.replace(Self.file, with: all)
                state = State(size: all.count, baseSize: all.count, isSound: true)
                return
            }
            state.isSound = false
            do {
                try files.append(line, to: Self.file)
                try files.sync(Self.file)
            } catch {
                // The request is refused, so its record must not be there after a restart.
                try? files.truncate(Self.file, to: state.size)
                try? files.sync(Self.file)
                throw error
            }
            state.size += line.count
            state.isSound = true
        }
    }

    // MARK: Lines

    private static func line(_ value: JSONValue) -> [UInt8] {
        let text = value.encoded
        let digits = String(Checksum.crc32(text), radix: 16)
        return Array(String(repeating: "0", count: 8 - digits.count).utf8) + Array(digits.utf8) + [0x20] + text + [0x0A]
    }

    private static func value(ofLine line: ArraySlice<UInt8>) -> JSONValue? {
        let text = line.dropFirst(9)
        guard line.count > 9, line.prefix(9).last == 0x20,
            UInt32(String(decoding: line.prefix(8), as: UTF8.self), radix: 16) == Checksum.crc32(text)
        else { return nil }
        return JSONValue(parsing: Array(text))
    }

    /// A power cut can only have torn the last line: each is on the disk before the next is written.
    private static func parse(_ content: [UInt8]) throws -> (records: [JSONValue], unfinished: Int) {
        if content.isEmpty { return ([], 0) }
        var records: [JSONValue] = []
        var rest = content[...]
        var number = 0
        while let end = rest.firstIndex(of: 0x0A), let value = value(ofLine: rest[..<end]) {
            number += 1
            guard number > 1 || value == heading else {
                throw StateProblem("\(file) was not written by this version of lora-operator")
            }
            if number > 1 { records.append(value) }
            rest = rest[(end + 1)...]
        }
        let later = rest.split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst()
        guard !records.isEmpty, !later.contains(where: { value(ofLine: $0) != nil }) else {
            throw StateProblem(
                "line \(number + 1) of \(file) is damaged; bring back a copy of it, or move it away to start with nothing"
            )
        }
        return (records, rest.count)
    }
}

/// CRC-32, as in Ethernet and gzip.
enum Checksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
    }
}
