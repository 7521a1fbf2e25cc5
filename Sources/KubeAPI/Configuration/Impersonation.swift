import Effects

/// Whom requests act as: `as`, `as-uid`, `as-groups` and `as-user-extra` of a kubeconfig.
package struct Impersonation: Hashable, Sendable {
    package var user: String
    package var uid: String?
    package var groups: [String] = []
    package var extra: [String: [String]] = [:]

    /// The `Impersonate-…` headers, in a stable order.
    var headers: [HTTPHeader] {
        var headers = [HTTPHeader("Impersonate-User", user)]
        if let uid { headers.append(HTTPHeader("Impersonate-Uid", uid)) }
        headers += groups.map { HTTPHeader("Impersonate-Group", $0) }
        for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
            headers += values.map { HTTPHeader("Impersonate-Extra-\(Self.escaped(key))", $0) }
        }
        return headers
    }

    /// Percent-encodes what a header's name cannot hold (RFC 9110, 5.6.2), and `%` itself; the server reads its letters in lower case.
    private static func escaped(_ key: String) -> String {
        let marks = Array("!#$&'*+-.^_`|~".utf8)
        return key.utf8.map { byte in
            let lower = (65...90).contains(byte) ? byte + 32 : byte
            let isPlain = (48...57).contains(lower) || (97...122).contains(lower) || marks.contains(lower)
            return isPlain ? String(Unicode.Scalar(lower)) : PercentEncoding.escape(byte)
        }.joined()
    }
}
