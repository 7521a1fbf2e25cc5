extension String {
    /// The text as one printable line of at most `limit` bytes: control characters, line and paragraph separators and
    /// marks that reorder text become spaces, runs of them one, so that no server can forge a log line.
    package func oneLine(limit: Int = APIAnswer.textLimit) -> String {
        var line = ""
        var size = 0
        var isGap = false
        for scalar in unicodeScalars {
            guard !scalar.separates else {
                isGap = !line.isEmpty
                continue
            }
            let width = UTF8.width(scalar) + (isGap ? 1 : 0)
            if size + width > limit { break }
            if isGap { line.append(" ") }
            line.unicodeScalars.append(scalar)
            size += width
            isGap = false
        }
        return line
    }
}

extension Unicode.Scalar {
    fileprivate var separates: Bool {
        switch value {
        case 0x00...0x20, 0x7F...0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
        default: false
        }
    }
}
