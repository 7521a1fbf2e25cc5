import KubeAPI
import Testing

struct ObjectTests {
    private func decode<Object: KubeObject>(_ type: Object.Type, _ text: String) throws -> Object {
        try JSON.decode(type, from: Array(text.utf8))
    }

    @Test func `113: null and absent lists are empty`() throws {
        let slice = try decode(
            EndpointSlice.self,
            #"{"metadata":{"name":"s","labels":null},"addressType":"IPv4","endpoints":null,"ports":null}"#)
        #expect(slice.endpoints.isEmpty && slice.ports.isEmpty && slice.serviceName == nil)
        #expect(try decode(EndpointSlice.self, #"{"metadata":{"name":"s"}}"#).endpoints.isEmpty)

        let endpoint = try decode(
            EndpointSlice.self,
            #"{"metadata":{"name":"s"},"endpoints":[{"addresses":null,"conditions":{},"targetRef":{"kind":"Pod","name":"p"}}]}"#
        ).endpoints.first
        #expect(endpoint?.addresses == [])
        #expect(endpoint?.conditions.ready == nil)
        #expect(endpoint?.targetRef == ObjectReference(kind: "Pod", name: "p"))
    }

    @Test func `a pod without a status is not ready`() throws {
        let pod = try decode(Pod.self, #"{"metadata":{"name":"p"}}"#)
        #expect(!pod.isReady && !pod.isFinished && pod.status.podIPs.isEmpty)
    }

    @Test func `a pod is ready by its condition`() throws {
        let pod = try decode(
            Pod.self,
            """
            {"metadata":{"name":"p","deletionTimestamp":"2026-01-01T00:00:00Z"},
             "spec":{"hostNetwork":true,"initContainers":[{"name":"i","restartPolicy":"Always"}],
               "containers":[{"name":"c","ports":[{"containerPort":8000,"name":"http","protocol":"TCP"}]}]},
             "status":{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{}],
               "conditions":[{"type":"Ready","status":"True"}],
               "containerStatuses":[{"name":"c","containerID":"x://1","restartCount":2,"ready":true}]}}
            """)
        #expect(pod.isReady && pod.metadata.isTerminating && pod.spec.hostNetwork)
        #expect(pod.status.podIPs == ["10.0.0.1"])
        #expect(pod.spec.containers.first?.ports == [ContainerPort(name: "http", containerPort: 8000)])
        #expect(pod.spec.initContainers.first?.restartPolicy == "Always")
        #expect(
            pod.status.containerStatuses == [
                ContainerStatus(name: "c", containerID: "x://1", restartCount: 2, ready: true)
            ])
    }

    @Test func `61: annotations of others are dropped`() throws {
        let pod = try decode(
            Pod.self, #"{"metadata":{"name":"p","annotations":{"lora-operator.dev/port":"1","other/x":"2"}}}"#)
        #expect(pod.metadata.annotations == ["lora-operator.dev/port": "1"])
    }

    @Test func `S11: a Secret is decoded and never printed`() throws {
        let secret = try decode(Secret.self, #"{"metadata":{"name":"s"},"data":{"token":"Y2FuYXJ5"}}"#)
        #expect(secret.data["token"].map { String(decoding: $0, as: UTF8.self) } == "canary")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(dumped) \(String(reflecting: secret))".contains("canary"))
    }

    @Test(arguments: [
        ("9", "10", true), ("10", "9", false), ("10", "10", false), ("1", "x", nil), ("", "1", nil), ("0", "1", nil),
        ("01", "2", nil), ("99999999999999999999998", "99999999999999999999999", true),
    ])
    func `37: versions are compared only where that is allowed`(left: String, right: String, expected: Bool?) {
        #expect(ResourceVersion.isOlder(left, than: right) == expected)
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00Z"), (1_795_215_383.9, "2026-11-20T22:56:23Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (-5, "1970-01-01T00:00:00Z"), (.infinity, "9999-12-31T23:59:59Z"), (.nan, "1970-01-01T00:00:00Z"),
    ])
    func `128: times are written as the API writes them`(time: Double, text: String) {
        #expect(Timestamp.seconds(time) == text)
    }

    @Test func `128: renew times have microseconds`() {
        #expect(Timestamp.micro(1_795_215_383.25) == "2026-11-20T22:56:23.250000Z")
        #expect(Timestamp.micro(0.000_007) == "1970-01-01T00:00:00.000007Z")
    }
}
