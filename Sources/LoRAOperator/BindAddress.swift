/// Where a server listens: `host:port` or `:port`.
struct BindAddress: Sendable {
    var host: String
    var port: Int

    /// Nil for `0`, which turns the server off.
    init?(_ text: String, flag: String) throws {
        if text == "0" { return nil }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw StartupError.usage("\(flag) '\(text)' is not an address; write one like :8081, or 0 to turn it off")
        }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        self.host = host.isEmpty ? "::" : host
        self.port = Int(port)
    }
}
