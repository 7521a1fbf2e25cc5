/// An IPv4 or IPv6 address, read without asking any resolver.
package struct IPAddress: Hashable, Sendable {
    /// 4 bytes or 16; an IPv4-mapped IPv6 address is kept as the IPv4 address that it stands for.
    package let bytes: [UInt8]

    package init?(_ text: String) {
        guard let bytes = text.utf8.contains(UInt8(ascii: ":")) ? Self.version6(text) : Self.version4(text) else {
            return nil
        }
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    package var isVersion6: Bool { bytes.count == 16 }

    package var isLoopback: Bool {
        isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 : bytes.first == 127
    }

    /// Byte by byte: this runs for every endpoint that is looked at.
    private static func version4(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4)
        var part: Int?
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // A leading zero would be octal elsewhere.
                guard part != 0 else { return nil }
                let value = (part ?? 0) * 10 + Int(character - UInt8(ascii: "0"))
                guard value < 256 else { return nil }
                part = value
            case UInt8(ascii: "."):
                guard let value = part, bytes.count < 3 else { return nil }
                bytes.append(UInt8(value))
                part = nil
            default: return nil
            }
        }
        guard let value = part, bytes.count == 3 else { return nil }
        bytes.append(UInt8(value))
        return bytes
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = groups(halves[0], isLast: halves.count == 1) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1], isLast: true), head.count + tail.count <= 14 else { return nil }
        return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// The bytes of some groups; where nothing follows them, the last may be written as IPv4.
    private static func groups(_ text: Substring, isLast: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains(".") {
                guard isLast, index == parts.count - 1, let tail = version4(String(part)) else { return nil }
                bytes += tail
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 255)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }
}

/// A range of addresses, like `10.0.0.0/8`; a bare address is a range of one.
package struct CIDR: Hashable, Sendable {
    private let base: [UInt8]
    private let bits: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.bytes.count * 8
        base = address.bytes
        guard parts.count == 2 else {
            bits = width
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        // The length of an IPv4-mapped range counts the 96 bits before the IPv4 address.
        bits = parts[0].contains(":") && !address.isVersion6 ? length - 96 : length
        guard (0...width).contains(bits) else { return nil }
    }

    /// Whether every address of `other` is in this range.
    package func contains(_ other: CIDR) -> Bool { bits <= other.bits && contains(other.base) }

    package func contains(_ address: IPAddress) -> Bool { contains(address.bytes) }

    private func contains(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == base.count else { return false }
        for (index, pair) in zip(base, bytes).enumerated() {
            let left = bits - index * 8
            if left <= 0 { return true }
            let mask = left >= 8 ? UInt8.max : ~(UInt8.max >> UInt8(left))
            if pair.0 & mask != pair.1 & mask { return false }
        }
        return true
    }
}
