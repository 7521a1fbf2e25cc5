import Testing

/// The whole operator over real sockets: an API server, simulated vLLM servers, and users.
///
/// Every test runs on the ``KubeSimulator``, and again on a real kube-apiserver where there is one.
@Suite(.apiServer, .timeLimit(.minutes(10)))
struct EndToEnd {}

/// Starts the real API server once for a suite, where there can be one.
struct APIServerTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        if RealAPIServer.obstacle == nil {
            try await RealAPIServer.run(body)
        } else {
            try await body()
        }
    }
}

extension Trait where Self == APIServerTrait {
    static var apiServer: Self { APIServerTrait() }
}
