package import Effects

/// A transport that tells what each request was answered.
package struct MeteredTransport: HTTPTransport {
    private let base: any HTTPTransport
    private let report: @Sendable (HTTPRequest, Int?) -> Void

    /// `report` hears the status when an answer begins, since a stream may never end, and nil where none came although
    /// somebody waited for it; it must not wait.
    package init(_ base: any HTTPTransport, report: @escaping @Sendable (HTTPRequest, Int?) -> Void) {
        self.base = base
        self.report = report
    }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        var isAnswered = false
        defer { if !isAnswered, !Task.isCancelled { report(request, nil) } }
        return try await base.withResponse(to: request) { response in
            isAnswered = true
            report(request, response.head.status)
            return try await body(response)
        }
    }
}
