/// How long the requests that only read may take; loads and unloads bring their own.
package struct VLLMTimeouts: Hashable, Sendable {
    /// Until the connection stands, TLS included.
    package var connect: Duration
    /// For the whole of `/health`, `/v1/models`, `/version` or `/metrics`.
    package var read: Duration

    package init(connect: Duration = .seconds(3), read: Duration = .seconds(5)) {
        self.connect = connect
        self.read = read
    }
}
