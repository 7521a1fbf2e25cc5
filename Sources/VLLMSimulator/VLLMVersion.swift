/// A vLLM version, and where its API differs from others.
///
/// Taken from the sources of the releases between 0.8.5 and 0.32.0; a threshold is the first minor version looked at
/// that shows the behaviour.
package struct VLLMVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var major: Int
    package var minor: Int
    package var patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads `0.10.1`; nil for anything else.
    package init?(_ text: String) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.init(major, minor, patch)
    }

    package var description: String { "\(major).\(minor).\(patch)" }

    package static func < (left: VLLMVersion, right: VLLMVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// The one that the recordings are from.
    package static let newest = VLLMVersion(0, 32)

    /// `VLLM_LORA_RESOLVER_CACHE_DIR` is looked at.
    var hasResolver: Bool { self >= VLLMVersion(0, 9) }
    /// One load of a name at a time, and one entry for each name.
    var locksNames: Bool { self >= VLLMVersion(0, 10) }
    /// `{"error": {…}}` instead of `{"object": "error", …}`.
    var nestsErrors: Bool { self >= VLLMVersion(0, 10, 1) }
    /// `POST /adapters` and `DELETE /adapters/{name}`.
    var hasAdapterRoutes: Bool { self >= VLLMVersion(0, 11, 1) }
    var knowsInPlace: Bool { self >= VLLMVersion(0, 15) }
    /// A load that fails is a 500 instead of a 400.
    var failsWith500: Bool { self >= VLLMVersion(0, 18) }
    var knows3D: Bool { self >= VLLMVersion(0, 22) }
    /// Paths in messages read `<path>`.
    var hidesPaths: Bool { self >= VLLMVersion(0, 26) }
    var refusesBaseNames: Bool { self >= VLLMVersion(0, 31) }
    /// The answer to an unknown model names the base models.
    var namesAliases: Bool { self >= VLLMVersion(0, 32) }

    /// What an API key guards; everything else is open.
    var guardedPrefixes: [String] {
        var prefixes = ["/v1"]
        if self >= VLLMVersion(0, 22) { prefixes += ["/v2", "/inference"] }
        if self >= VLLMVersion(0, 28) { prefixes.append("/cohere") }
        return prefixes
    }
}
