extension String {
    /// With `substitute` for whatever could move a cursor, change colours, end a line or reorder it: names and messages
    /// come from elsewhere.
    func plain(_ substitute: Unicode.Scalar = "?") -> String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.isPlain ? $0 : substitute }))
    }
}

extension Unicode.Scalar {
    /// Neither a control character nor one that reorders or breaks a line.
    var isPlain: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f: false
        default: true
        }
    }
}
