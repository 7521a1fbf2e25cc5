/// Makes text from a server fit to be shown in a status, an event or a log.
enum SafeMessage {
    /// Longest message, in bytes of UTF-8.
    static let limit = 256

    /// One line of at most ``limit`` bytes, without control and formatting characters, and without `secret`.
    static func make(_ text: String, hiding secret: String?) -> String {
        var line = String.UnicodeScalarView()
        var isSpacePending = false
        func append(_ scalar: Unicode.Scalar) {
            if isSpacePending, !line.isEmpty { line.append(" ") }
            isSpacePending = false
            line.append(scalar)
        }
        for scalar in hide(secret, in: text).unicodeScalars {
            // Most text is this, and to ask for the category of a character takes a search.
            if case "!"..."~" = scalar {
                append(scalar)
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator: isSpacePending = true
            // Among them the bidirectional controls, which make a line read as another.
            case .format, .surrogate, .privateUse, .unassigned: continue
            default: append(scalar)
            }
        }
        // Once more, for a secret that something dropped above had split.
        return cut(hide(secret, in: String(line)))
    }

    private static func hide(_ secret: String?, in text: String) -> String {
        guard let secret, !secret.isEmpty else { return text }
        // By bytes: a mark behind the key, which makes one character with its last letter, must not save it.
        let key = Array(secret.utf8)
        var rest = Array(text.utf8)[...]
        var kept: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: key) {
                kept += "[API key]".utf8
                rest.removeFirst(key.count)
            } else {
                kept.append(byte)
                rest.removeFirst()
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > limit else { return text }
        let ellipsis = "…"
        var rest = limit - ellipsis.utf8.count
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            rest -= UTF8.width(scalar)
            if rest < 0 { break }
            kept.append(scalar)
        }
        return String(kept) + ellipsis
    }
}
