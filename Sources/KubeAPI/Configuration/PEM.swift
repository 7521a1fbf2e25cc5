import FoundationEssentials

/// Certificates and keys as text (RFC 7468).
enum PEM {
    private static let begin = "-----BEGIN "

    /// True where there is at least one block, and each has its end and holds DER as long as it says.
    ///
    /// Libcurl would take some broken files for no certificate at all, and a file may be read while it is being written.
    static func isWhole(_ bytes: [UInt8]) -> Bool {
        var blocks = 0
        var lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)[...]
        while let line = lines.popFirst() {
            guard line.hasPrefix(begin), let label = line.dropFirst(begin.count).split(separator: "-").first else {
                continue
            }
            guard let end = lines.firstIndex(where: { $0.hasPrefix("-----END \(label)-----") }) else { return false }
            let body = lines[..<end]
            lines = lines[end...].dropFirst()
            blocks += 1
            // An encrypted key of the old kind begins with headers, and what follows is no DER.
            if body.contains(where: { $0.contains(":") }) { continue }
            guard let der = Data(base64Encoded: body.map { $0.filter { !$0.isWhitespace } }.joined()),
                holds([UInt8](der))
            else { return false }
        }
        return blocks > 0
    }

    /// X.690, 8.1.3: whether as many bytes follow as the length of the first value says.
    private static func holds(_ der: [UInt8]) -> Bool {
        guard der.count >= 2 else { return false }
        guard der[1] >= 0x80 else { return der.count - 2 >= Int(der[1]) }
        let digits = Int(der[1] & 0x7F)
        guard (1...4).contains(digits), der.count >= 2 + digits else { return false }
        let length = der[2..<(2 + digits)].reduce(0) { $0 << 8 | Int($1) }
        return der.count - 2 - digits >= length
    }
}
