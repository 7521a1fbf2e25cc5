import DynamicJSON
import Effects

extension KubeSimulator {
    /// Everything that is no resource: discovery, OpenAPI, version, health, access reviews.
    ///
    /// nil: none of these.
    func discover(_ request: HTTPRequest, _ target: RequestTarget) throws -> HTTPResponse? {
        let path = target.path
        if path.count == 4, path[0] == "apis", path[1] == "authorization.k8s.io", path[3] == "selfsubjectaccessreviews"
        {
            guard request.method == .post else { throw Self.methodNotAllowed }
            return Self.allow(request)
        }
        let isDiscovery = request.method.isSafe
        switch path.first {
        case nil:
            let paths =
                ["/api", "/api/v1", "/apis"]
                + documents.groups.flatMap { group in
                    ["/apis/\(group.name)"] + group.versions.map { "/apis/\(group.name)/\($0)" }
                } + ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
            return Self.response(["paths": .array(paths.map(JSONValue.string))])
        case "version" where path.count == 1: return Self.response(Self.version)
        case "healthz", "readyz", "livez": return Self.plain(200, "ok")
        case "openapi": return isDiscovery ? openAPI(path, request) : nil
        case "api" where path.count <= 2 && isDiscovery:
            if path.count == 2 {
                return path[1] == "v1" ? Self.response(documents.resources(group: "", version: "v1")) : nil
            }
            if let aggregated = aggregated(request, core: true) { return aggregated }
            return Self.response(["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []])
        case "apis" where path.count <= 3 && isDiscovery:
            if path.count == 1 {
                if let aggregated = aggregated(request, core: false) { return aggregated }
                let groups = documents.groups.filter { !$0.name.isEmpty }.map { documents.description(of: $0) }
                return Self.response(["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups)])
            }
            guard let group = documents.groups.first(where: { $0.name == path[1] && !$0.name.isEmpty }) else {
                return nil
            }
            if path.count == 2 {
                var description = documents.description(of: group)
                description["kind"] = "APIGroup"
                description["apiVersion"] = "v1"
                return Self.response(description)
            }
            guard group.versions.contains(path[2]) else { return nil }
            return Self.response(documents.resources(group: group.name, version: path[2]))
        default: return nil
        }
    }

    private static let version: JSONValue = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.0+simulated", "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "linux/amd64",
    ]

    /// The newer discovery, one document for all groups, where the client accepts it.
    private func aggregated(_ request: HTTPRequest, core: Bool) -> HTTPResponse? {
        let ranges = (request.headers.first(named: "Accept") ?? "").split(separator: ",")
        let wantsAggregated = ranges.contains { range in
            range.contains("g=apidiscovery.k8s.io") && range.contains("v=v2;")
                && range.contains("as=APIGroupDiscoveryList")
        }
        guard wantsAggregated else { return nil }
        let type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        let body = core ? documents.aggregatedCore : documents.aggregatedGroups
        return HTTPResponse(
            status: 200, headers: [HTTPHeader("Content-Type", type), HTTPHeader("Vary", "Accept")], body: body)
    }

    private func openAPI(_ path: [String], _ request: HTTPRequest) -> HTTPResponse? {
        if path == ["openapi", "v2"] {
            let type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            let wantsProtobuf = request.headers.first(named: "Accept")?.contains("com.github.proto-openapi") == true
            return wantsProtobuf
                ? HTTPResponse(
                    status: 200, headers: [HTTPHeader("Content-Type", type)], body: OpenAPIDocuments.version2Protobuf)
                : Self.response(OpenAPIDocuments.version2)
        }
        guard path.count >= 2, path[1] == "v3" else { return nil }
        if path.count == 2 { return Self.response(encoded: documents.index) }
        return documents.documents[path.dropFirst(2).joined(separator: "/")].map { Self.response(encoded: $0) }
    }

    /// Everything is allowed; kubectl may ask in protobuf and reads the answer in JSON.
    private static func allow(_ request: HTTPRequest) -> HTTPResponse {
        var review: JSONValue = [
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": [:],
        ]
        if let bytes = request.body, let body = try? JSONParser.parse(bytes) { review["spec"] = body["spec"] }
        if review["spec"] == nil { review["spec"] = [:] }
        review["status"] = ["allowed": true, "reason": "this API server allows everything"]
        return response(review, status: 201)
    }
}
