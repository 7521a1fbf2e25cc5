/// The one gate that every effect passes: open while this process may act.
///
/// It is asked before a request is begun, and once more when its connection stands and it is about to go out: a lost lease, or
/// a simulated kill, stops effects mechanically, also where the process stood still in between.
package struct EffectGate: Sendable {
    private let isOpen: @Sendable () -> Bool

    package init(isOpen: @escaping @Sendable () -> Bool) { self.isOpen = isOpen }

    /// A gate that never closes: a single process without leader election.
    package static let open = EffectGate { true }

    /// Throws ``HTTPFailure/Kind/gateClosed`` unless the gate is open.
    package func check() throws(HTTPFailure) {
        guard isOpen() else { throw HTTPFailure(.gateClosed, "not sent: this process may not act now") }
    }
}

/// A transport that lets reads through and everything else only while its gate is open.
package struct GatedTransport: HTTPTransport {
    private let base: any HTTPTransport
    private let gate: EffectGate

    package init(_ base: any HTTPTransport, gate: EffectGate) {
        self.base = base
        self.gate = gate
    }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        guard !request.method.isSafe else { return try await base.withResponse(to: request, body) }
        try gate.check()
        var request = request
        request.options.gate = gate
        return try await base.withResponse(to: request, body)
    }
}
