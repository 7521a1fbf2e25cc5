/// FNV-1a over everything that happened: two runs of one seed are the same if it is.
package struct TraceHash: Hashable, Sendable, CustomStringConvertible {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package init(of text: String) { add(text) }

    package mutating func add(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    /// Whole words rather than bytes: this runs once for each job.
    package mutating func add(_ number: Int) { value = (value ^ UInt64(bitPattern: Int64(number))) &* 0x100_0000_01b3 }

    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
