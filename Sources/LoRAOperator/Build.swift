import CBuildInfo
import CurlHTTP

/// What this binary is.
enum Build {
    static let version = "0.1.0"

    static var commit: String { unsafe String(cString: build_info_commit()) }

    static var userAgent: String { "lora-operator/\(version) (linux/\(architecture)) \(commit)" }

    static var summary: String { "lora-operator \(version) commit \(commit) (\(CurlTransport.libraryVersion))" }

    #if arch(x86_64)
    static let architecture = "amd64"
    #else
    static let architecture = "arm64"
    #endif
}
