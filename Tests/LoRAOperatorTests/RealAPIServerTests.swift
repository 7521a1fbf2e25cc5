import CurlHTTP
import Testing

extension EndToEnd {
    /// That the tests also ran against a real API server; where they did not, the reason is printed.
    @Suite struct RealAPI {
        @Test(
            .enabled(if: RealAPIServer.obstacle == nil, Comment(rawValue: "not run: \(RealAPIServer.obstacle ?? "")")))
        func `a real API server runs, and refuses loopback endpoints`() async throws {
            let server = try #require(RealAPIServer.current)
            let http = CurlTransport()
            let api = ObjectAPI(configuration: server.configuration, http: http)

            await #expect(throws: ObjectAPI.Refusal.self) {
                try await api.apply(
                    "endpointslices",
                    .yaml(
                        """
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: loopback}
                        addressType: IPv4
                        endpoints: [{addresses: [127.0.0.1]}]
                        ports: [{name: http, port: 8000, protocol: TCP}]
                        """))
            }
            http.shutdown()
        }
    }
}
