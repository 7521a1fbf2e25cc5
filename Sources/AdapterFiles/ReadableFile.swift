import Glibc

/// A regular file, open for reading; anything else, a pipe among them, is refused without waiting for it.
package struct ReadableFile: ~Copyable {
    package enum Failure: Error, Equatable {
        case missing
        case notAFile
        /// Why the system refused it.
        case unreadable(String)
    }

    private let descriptor: Int32
    /// In bytes.
    package let size: Int

    package init(_ path: String) throws(Failure) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(Self.errorText)
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Up to `count` bytes at `offset`; nil when the disk fails.
    package borrowing func read(at offset: Int, count: Int) -> [UInt8]? {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failed = true }
                if got <= 0 { return }
                filled += got
            }
        }
        return failed ? nil : bytes
    }

    static var errorText: String { unsafe String(cString: strerror(errno)) }
}

/// What is at a path.
enum PathKind: Equatable {
    case directory, file, other, nothing
    /// Why the system does not say.
    case hidden(String)

    init(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            self = errno == ENOENT || errno == ENOTDIR ? .nothing : .hidden(ReadableFile.errorText)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: self = .directory
        case S_IFREG: self = .file
        default: self = .other
        }
    }
}

/// The names in a directory, sorted; nil where it cannot be read.
func names(in directory: String) -> [String]? {
    guard let handle = unsafe opendir(directory) else { return nil }
    defer { unsafe _ = closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
