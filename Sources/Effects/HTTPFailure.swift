/// Why an exchange brought no complete response.
package struct HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        case nameResolution
        case connectionRefused
        case connectTimeout
        /// No route, no descriptors, a proxy that refused: never connected for another reason.
        case connectFailed
        /// The peer could not be verified, or there was no TLS at all.
        case tls
        /// `totalTimeout` passed after the connection stood.
        case requestTimeout
        /// Not one byte for `idleTimeout`.
        case idleTimeout
        /// The connection broke, or the body ended before its announced end.
        case reset
        /// The body exceeded `bodyLimit`, or the headers 64 KiB.
        case tooLarge
        /// What came is not HTTP.
        case invalidResponse
        /// The request cannot be sent as it is: its URL, a header, a certificate that is no PEM.
        case invalidRequest
        /// The ``EffectGate`` is closed: nothing was sent.
        case gateClosed
    }

    package var kind: Kind
    /// For people: what was tried and what came; never a header or a body.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// False only where the server cannot have seen the request; else a write's outcome is unknown.
    package var mayHaveBeenReceived: Bool {
        switch kind {
        case .nameResolution, .connectionRefused, .connectTimeout, .connectFailed, .tls, .invalidRequest, .gateClosed:
            false
        case .requestTimeout, .idleTimeout, .reset, .tooLarge, .invalidResponse: true
        }
    }

    package var description: String { message }
}
