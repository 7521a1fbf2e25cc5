/// What an object asks for: its spec, read with defaults and checked once more.
package struct AdapterWish: Hashable, Sendable {
    package enum UpdateStrategy: String, Sendable { case recreate = "Recreate", inPlace = "InPlace" }
    package enum DeletionPolicy: String, Sendable { case unload = "Unload", orphan = "Orphan" }
    package enum ConflictPolicy: String, Sendable { case fail = "Fail", overwrite = "Overwrite" }
    package enum Loading: String, Sendable { case eager = "Eager", onDemand = "OnDemand" }

    static let defaultLoadTimeout = Duration.seconds(300)

    package var name: String
    package var path: String
    package var baseModel: String?
    package var is3D = false
    package var replicas: Int?
    package var strategy = UpdateStrategy.recreate
    package var maxUnavailable = 1
    package var loadTimeout = Self.defaultLoadTimeout
    package var conflictPolicy = ConflictPolicy.fail
    package var loading = Loading.eager
    package var isSuspended = false

    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}

/// What the administrator allows beyond the schema.
package struct PathPolicy: Hashable, Sendable {
    /// Absolute paths must lie under one of these; none means any absolute path.
    package var allowedPrefixes: [String] = []
    /// Whether a Hugging Face id may stand in place of a path.
    package var allowsHubIDs = false

    package init(allowedPrefixes: [String] = [], allowsHubIDs: Bool = false) {
        self.allowedPrefixes = allowedPrefixes
        self.allowsHubIDs = allowsHubIDs
    }
}

/// A spec that cannot be acted on: what is wrong and what to write instead.
package struct SpecProblem: Error, Hashable, Sendable {
    package var reason: Reason
    package var message: String

    package init(reason: Reason, message: String) {
        self.reason = reason
        self.message = message
    }
}

extension AdapterWish {
    /// Reads a spec again, although the schema checked it: objects stored under an older schema come here too.
    package init(_ spec: AdapterSpec, objectName: String, policy: PathPolicy) throws(SpecProblem) {
        self.init(name: spec.loraName ?? objectName, path: spec.loraPath)
        try Self.check(name: name)
        try Self.check(path: path, policy: policy)
        baseModel = spec.baseModelName
        is3D = spec.is3dLoraWeight ?? false
        if let replicas = spec.placement?.replicas {
            guard replicas >= 1 else { throw .invalid("spec.placement.replicas must be at least 1") }
            self.replicas = replicas
        }
        strategy = try Self.choice(spec.update?.strategy, "spec.update.strategy", "Recreate or InPlace") ?? .recreate
        maxUnavailable = max(1, spec.update?.maxUnavailable ?? 1)
        conflictPolicy = try Self.choice(spec.conflictPolicy, "spec.conflictPolicy", "Fail or Overwrite") ?? .fail
        loading = try Self.choice(spec.loading, "spec.loading", "Eager or OnDemand") ?? .eager
        loadTimeout = try Self.duration(spec.loadTimeout ?? "5m", "spec.loadTimeout")
        guard loadTimeout > .zero else { throw .invalid("spec.loadTimeout must be longer than zero, like 5m") }
        _ = try Self.deletion(spec.deletion)
        isSuspended = spec.suspend ?? false
        if loading == .onDemand, spec.placement != nil {
            throw .invalid("spec.placement needs loading: Eager; with OnDemand a resolver plugin decides where")
        }
    }

    /// How to end, read apart from the rest so that an object whose spec is wrong elsewhere can still be deleted.
    package static func deletion(
        _ deletion: AdapterSpec.Deletion?
    ) throws(SpecProblem) -> (policy: DeletionPolicy, timeout: Duration) {
        let policy: DeletionPolicy? = try choice(deletion?.policy, "spec.deletion.policy", "Unload or Orphan")
        return (policy ?? .unload, try duration(deletion?.timeout ?? "5m", "spec.deletion.timeout"))
    }

    private static func check(name: String) throws(SpecProblem) {
        guard !name.isEmpty, name.utf8.count <= 1024, !name.hasControlCharacter, name.first?.isWhitespace != true,
            name.last?.isWhitespace != true
        else {
            throw .invalid("spec.loraName must not be blank, nor hold control characters or outer white space")
        }
    }

    private static func check(path: String, policy: PathPolicy) throws(SpecProblem) {
        guard !path.isEmpty, path.utf8.count <= 4096, !path.hasControlCharacter else {
            throw .invalid("spec.loraPath must be an absolute path without control characters, like /adapters/sql")
        }
        guard path.hasPrefix("/") else {
            guard path.isHubID else {
                throw .invalid("spec.loraPath must be an absolute path, like /adapters/sql, or a hub id, like org/name")
            }
            guard policy.allowsHubIDs else {
                throw SpecProblem(
                    reason: .pathNotAllowed,
                    message:
                        "spec.loraPath is a hub id; write an absolute path, or start the operator with --allow-hub-ids")
            }
            return
        }
        guard !path.split(separator: "/").contains("..") else {
            throw .invalid("spec.loraPath must not contain a '..' segment; write the path it stands for")
        }
        guard policy.allowedPrefixes.isEmpty || policy.allowedPrefixes.contains(where: { path.isUnder($0) }) else {
            let prefixes = policy.allowedPrefixes.sorted().joined(separator: ", ")
            throw SpecProblem(
                reason: .pathNotAllowed,
                message: "spec.loraPath must lie under one of the allowed prefixes: \(prefixes)")
        }
    }

    private static func choice<Choice: RawRepresentable<String>>(
        _ text: String?, _ field: String, _ choices: String
    ) throws(SpecProblem) -> Choice? {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text) else { throw .invalid("\(field) must be \(choices)") }
        return choice
    }

    private static func duration(_ text: String, _ field: String) throws(SpecProblem) -> Duration {
        guard let duration = GEPDuration.parse(text) else {
            throw .invalid("\(field) must be a duration like 90s or 5m")
        }
        return duration
    }
}

extension SpecProblem {
    fileprivate static func invalid(_ message: String) -> SpecProblem {
        SpecProblem(reason: .invalidSpec, message: message)
    }
}

extension String {
    fileprivate var hasControlCharacter: Bool { unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } }

    /// True for `org/name`.
    ///
    /// A relative path or `~` would mean something else to the server, so each part begins with a letter or a digit.
    fileprivate var isHubID: Bool {
        let parts = split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                part.first.map { $0.isASCII && ($0.isLetter || $0.isNumber) } == true
                    && part.utf8.allSatisfy { byte in
                        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
                    }
            }
    }

    /// True where the path is `prefix` itself or lies below it, segment by segment.
    fileprivate func isUnder(_ prefix: String) -> Bool {
        let folder = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        return self == folder || hasPrefix(folder + "/")
    }
}
