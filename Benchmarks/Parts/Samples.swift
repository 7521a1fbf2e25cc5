import AdapterPlanning
import DynamicJSON

/// What servers send, of the size and shape of the real thing.
enum Samples {
    /// A watch's lines for objects that were modified.
    static func watch(_ objects: [JSONValue]) -> [UInt8] {
        objects.flatMap { JSONValue.object(["type": "MODIFIED", "object": $0]).bytes + [UInt8(ascii: "\n")] }
    }

    /// A Pod of about 4 KB, half of it fields that nobody here reads.
    static func pod(_ number: Int, version: Int) -> JSONValue {
        let managed = (0..<30).map { ("f:field-\($0)", JSONValue.object(["f:inner": [:], ".": [:]])) }
        let variables = (0..<20).map { JSONValue.object(["name": .string("NAME_\($0)"), "value": "some value"]) }
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string("vllm-\(number)"), "namespace": "default", "uid": .string("uid-\(number)"),
                "resourceVersion": .string(String(number + version * 100_000)),
                "managedFields": [
                    ["manager": "kubelet", "fieldsV1": .object(Dictionary(uniqueKeysWithValues: managed))]
                ],
            ],
            "spec": [
                "containers": [
                    [
                        "name": "vllm", "image": "vllm/vllm-openai", "env": .array(variables),
                        "ports": [["name": "http", "containerPort": 8000, "protocol": "TCP"]],
                    ]
                ]
            ],
            "status": [
                "phase": "Running", "podIP": "10.0.0.1", "podIPs": [["ip": "10.0.0.1"]],
                "conditions": [["type": "Ready", "status": "True"]],
                "containerStatuses": [
                    ["name": "vllm", "ready": true, "restartCount": 0, "containerID": .string(container(number))]
                ],
            ],
        ]
    }

    static func pod(_ number: Int) -> JSONValue { pod(number, version: 1) }

    static func adapter(_ number: Int, servers: Int) -> JSONValue {
        let lines = (0..<servers).map { server in
            JSONValue.object([
                "name": .string("vllm-\(server)"), "port": 8000, "address": .string("10.0.0.\(server)"),
                "incarnation": .string(container(server)), "state": "Loaded",
                "root": .string("/adapters/adapter-\(number)"),
            ])
        }
        return [
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter",
            "metadata": [
                "name": .string("adapter-\(number)"), "namespace": "default", "uid": .string("uid-\(number)"),
                "resourceVersion": .string(String(number)), "generation": 1,
                "finalizers": ["lora-operator.dev/unload"],
            ],
            "spec": ["loraPath": .string("/adapters/adapter-\(number)"), "target": ["service": ["name": "vllm"]]],
            "status": [
                "observedGeneration": 1, "phase": "Ready", "ready": .string("\(servers)/\(servers)"),
                "claims": [
                    [
                        "name": .string("adapter-\(number)"), "path": .string("/adapters/adapter-\(number)"),
                        "service": "vllm", "port": 8000,
                    ]
                ],
                "servers": .array(lines),
            ],
        ]
    }

    /// The answer of a vLLM server with so many adapters.
    static func models(_ count: Int) -> [UInt8] {
        func card(_ id: String, root: String, parent: JSONValue) -> JSONValue {
            [
                "id": .string(id), "object": "model", "created": 1_790_000_000, "owned_by": "vllm",
                "root": .string(root), "parent": parent, "max_model_len": .null,
                "permission": [
                    [
                        "id": "modelperm-0123456789abcdef0123456789abcdef", "object": "model_permission",
                        "created": 1_790_000_000, "allow_create_engine": false, "allow_sampling": true,
                        "allow_logprobs": true, "allow_search_indices": false, "allow_view": true,
                        "allow_fine_tuning": false, "organization": "*", "group": .null, "is_blocking": false,
                    ]
                ],
            ]
        }
        let adapters = (0..<count).map {
            card("adapter-\($0)", root: "/adapters/adapter-\($0)", parent: "llama-3-8b")
        }
        let data = [card("llama-3-8b", root: "/models/llama-3-8b", parent: .null)] + adapters
        return JSONValue.object(["object": "list", "data": .array(data)]).bytes
    }

    /// An object that all of its servers hold, and whose status says so.
    static func situation(servers count: Int) -> AdapterSituation {
        let servers = (0..<count).map {
            Server(
                id: ServerID(owner: "uid-\($0)", port: 8000), name: "vllm-\($0)", address: "10.0.0.\($0)",
                incarnation: container($0))
        }
        let entries = (0..<1000).map {
            ("adapter-\($0)", Listing.Entry(root: "/adapters/adapter-\($0)", parent: "llama"))
        }
        let listing = Listing(
            baseModels: ["llama"], adapters: Dictionary(uniqueKeysWithValues: entries), stamp: 1, requestedAt: .zero)
        var situation = AdapterSituation(
            wish: .success(AdapterWish(name: "adapter-1", path: "/adapters/adapter-1")), target: .servers(servers))
        situation.generation = 1
        situation.service = "vllm"
        situation.timestamp = "2026-01-03T00:00:00Z"
        situation.hasFinalizer = true
        for server in servers {
            situation.observations[server.id] = ServerObservation(answer: .listed(listing), lastListing: listing)
        }
        for _ in 0..<4 { situation.stored = situation.plan().status ?? situation.stored }
        return situation
    }

    private static func container(_ number: Int) -> String {
        "containerd://" + String(repeating: "0123456789abcdef", count: 4).dropLast(4) + String(1000 + number % 9000)
    }
}

extension JSONValue {
    var bytes: [UInt8] { Array(text.utf8) }
}
