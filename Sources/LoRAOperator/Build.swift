import CurlHTTP

/// What this binary is.
enum Build {
    static let version = "0.1.0"

    static var userAgent: String { "lora-operator/\(version) (linux/\(architecture))" }

    static var summary: String { "lora-operator \(version) (\(CurlTransport.libraryVersion))" }

    #if arch(x86_64)
        static let architecture = "amd64"
    #else
        static let architecture = "arm64"
    #endif
}
