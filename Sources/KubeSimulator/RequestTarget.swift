/// Path and query of a request, decoded.
struct RequestTarget: Sendable {
    var path: [String]
    private let parameters: [String: String]

    /// nil where the escapes are broken.
    init?(_ url: String) {
        // Byte by byte: every request comes here.
        var rest = url.utf8[...]
        if rest.first != Self.slash, let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            rest[colon...].starts(with: "://".utf8), !rest[..<colon].contains(Self.slash)
        {
            rest = rest[colon...].dropFirst(3).drop { $0 != Self.slash }
        }
        let parts = rest.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in parts[0].split(separator: Self.slash) {
            guard let text = Self.decode(part, plusIsSpace: false) else { return nil }
            path.append(text)
        }
        self.path = path
        var parameters: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: UInt8(ascii: "&")) : [] {
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(sides[0], plusIsSpace: true),
                let value = sides.count > 1 ? Self.decode(sides[1], plusIsSpace: true) : ""
            else { return nil }
            if parameters[name] == nil { parameters[name] = value }
        }
        self.parameters = parameters
    }

    /// The first value of that name; nil where it is absent.
    subscript(_ name: String) -> String? { parameters[name] }

    /// True for `true` and `1`, as Go's forms read booleans.
    func flag(_ name: String) -> Bool { ["true", "1", "True"].contains(parameters[name] ?? "") }

    private static let slash = UInt8(ascii: "/")

    private static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool) -> String? {
        guard text.contains(0x25) || (plusIsSpace && text.contains(0x2B)) else { return String(Substring(text)) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == 0x2B, plusIsSpace {
                bytes.append(0x20)
            } else if byte == 0x25 {
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
