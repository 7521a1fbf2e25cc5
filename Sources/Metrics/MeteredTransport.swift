package import Effects

/// A transport that tells how each request ended.
package struct MeteredTransport: HTTPTransport {
    private let base: any HTTPTransport
    private let report: @Sendable (HTTPRequest, Int?) -> Void

    /// `report` hears the status of an answer, and nil where none came although somebody waited for it; it must not wait.
    package init(_ base: any HTTPTransport, report: @escaping @Sendable (HTTPRequest, Int?) -> Void) {
        self.base = base
        self.report = report
    }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        var status: Int?
        defer { if status != nil || !Task.isCancelled { report(request, status) } }
        return try await base.withResponse(to: request) { response in
            status = response.head.status
            return try await body(response)
        }
    }
}
