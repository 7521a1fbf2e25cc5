package import Effects

/// How one model server is reached; servers whose endpoints are equal share their observations.
package struct VLLMEndpoint: Hashable, Sendable {
    /// Scheme, host and port, without a slash at the end: `http://10.0.3.7:8000`.
    package var baseURL: String
    /// Sent as a bearer token, exactly as it is; nil sends none.
    package var apiKey: String?
    package var tls: TLSOptions

    package init(baseURL: String, apiKey: String? = nil, tls: TLSOptions = TLSOptions()) {
        var baseURL = baseURL
        while baseURL.hasSuffix("/") { baseURL.removeLast() }
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.tls = tls
    }
}
