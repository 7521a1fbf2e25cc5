import Glibc

/// Paths as seen from the root.
enum AbsolutePath {
    /// `path` behind the working directory where it is relative.
    static func of(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(directory) }
        return unsafe String(cString: directory) + "/" + path
    }
}
