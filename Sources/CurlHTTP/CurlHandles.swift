import CCurl

/// Owns one libcurl easy handle; used on the loop's thread only.
@safe
final class CurlEasyHandle {
    /// What libcurl keeps a pointer to: the handle must not outlive it.
    typealias Receiver = RunningTransfer

    fileprivate let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    /// `errno` of a socket that could not be opened; 0 if none.
    private let openErrno: UnsafeMutablePointer<Int32>
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    /// A handle must not outlive the share it uses.
    private var cache: CurlConnectionCache?

    init() {
        CurlLibrary.initialize()
        guard let pointer = unsafe curl_easy_init() else { preconditionFailure("curl_easy_init: out of memory") }
        unsafe self.pointer = pointer
        unsafe errorText = UnsafeMutablePointer.allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe _ = ccurl_setopt_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
        unsafe openErrno = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe openErrno.initialize(to: 0)
        unsafe _ = ccurl_setopt_sockets(pointer, openErrno)
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe lists.forEach { unsafe curl_slist_free_all($0) }
        unsafe errorText.deallocate()
        unsafe openErrno.deallocate()
    }

    func set(_ option: CURLoption, to value: Int) throws(CurlError) {
        try check(unsafe ccurl_setopt_long(pointer, option, value))
    }

    /// Libcurl copies the string; nil takes the option's default away.
    func set(_ option: CURLoption, to value: String?) throws(CurlError) {
        try check(unsafe ccurl_setopt_string(pointer, option, value))
    }

    func set(_ option: CURLoption, toLines lines: [String]) throws(CurlError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else {
                unsafe curl_slist_free_all(list)
                throw CurlError(code: CURLE_OUT_OF_MEMORY)
            }
            unsafe list = unsafe longer
        }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        try check(unsafe ccurl_setopt_list(pointer, option, list))
    }

    func set(_ option: CURLoption, toBlob bytes: [UInt8]) throws(CurlError) {
        let code = unsafe bytes.withUnsafeBytes { buffer in
            // Libcurl copies the bytes and never writes through the pointer.
            var blob = unsafe curl_blob(
                data: UnsafeMutableRawPointer(mutating: buffer.baseAddress), len: buffer.count,
                flags: UInt32(CURL_BLOB_COPY))
            return unsafe ccurl_setopt_blob(pointer, option, &blob)
        }
        try check(code)
    }

    func setBody(_ bytes: [UInt8]) throws(CurlError) {
        try check(unsafe ccurl_setopt_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
        let code = unsafe bytes.withUnsafeBytes { buffer in
            // An empty array has no address, and no address would make libcurl read the body from a callback.
            guard let start = buffer.baseAddress, unsafe !buffer.isEmpty else {
                return unsafe ccurl_setopt_string(pointer, CURLOPT_COPYPOSTFIELDS, "")
            }
            return unsafe ccurl_setopt_pointer(
                pointer, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: start))
        }
        try check(code)
    }

    func useCache(_ cache: CurlConnectionCache) throws(CurlError) {
        try check(unsafe ccurl_setopt_pointer(pointer, CURLOPT_SHARE, cache.pointer))
        self.cache = cache
    }

    /// Passes everything that happens to `receiver`, which owns this handle.
    func setReceiver(_ receiver: Receiver) throws(CurlError) {
        let context = unsafe Unmanaged.passUnretained(receiver).toOpaque()
        try check(unsafe ccurl_setopt_pointer(pointer, CURLOPT_WRITEDATA, context))
        try check(unsafe ccurl_setopt_pointer(pointer, CURLOPT_HEADERDATA, context))
        try check(unsafe ccurl_setopt_pointer(pointer, CURLOPT_PREREQDATA, context))
        try check(
            unsafe ccurl_setopt_data_callback(pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let (receiver, chunk) = unsafe CurlEasyHandle.input(bytes, size, count, context) else { return 0 }
                return switch receiver.received(body: chunk) {
                case .accept: chunk.count
                case .pause: Int(CURL_WRITEFUNC_PAUSE)
                case .abort: CurlEasyHandle.refusal(of: chunk)
                }
            })
        try check(
            unsafe ccurl_setopt_data_callback(pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                guard let (receiver, line) = unsafe CurlEasyHandle.input(bytes, size, count, context) else { return 0 }
                return receiver.received(headerLine: line) ? line.count : CurlEasyHandle.refusal(of: line)
            })
        try check(
            unsafe ccurl_setopt_prereq(pointer) { context, _, _, _, _ in
                guard let context = unsafe context else { return CURL_PREREQFUNC_ABORT }
                let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                return receiver.isAboutToSend() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
    }

    /// `errno` of the last connection attempt that failed.
    var connectErrno: Int32 {
        if unsafe openErrno.pointee != 0 { return unsafe openErrno.pointee }
        var errno = 0
        unsafe _ = ccurl_getinfo_long(pointer, CURLINFO_OS_ERRNO, &errno)
        return Int32(truncatingIfNeeded: errno)
    }

    var errorDetail: String { unsafe String(cString: errorText) }

    /// Resumes a paused transfer; libcurl hands over what it kept before this returns.
    func resume() throws(CurlError) { try check(unsafe curl_easy_pause(pointer, CURLPAUSE_CONT)) }

    private func check(_ code: CURLcode) throws(CurlError) {
        if code != CURLE_OK { throw CurlError(code: code) }
    }

    /// Any count other than the one passed in makes libcurl give up.
    private static func refusal(of bytes: [UInt8]) -> Int { bytes.isEmpty ? 1 : 0 }

    private static func input(
        _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
    ) -> (Receiver, [UInt8])? {
        guard let context = unsafe context else { return nil }
        let (length, overflow) = size.multipliedReportingOverflow(by: count)
        guard !overflow, length >= 0 else { return nil }
        let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
        return unsafe (receiver, Array(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : length)))
    }
}

/// Owns a cache of connections that only the handles given it can use.
@safe
final class CurlConnectionCache {
    fileprivate let pointer: UnsafeMutableRawPointer

    init() {
        CurlLibrary.initialize()
        guard let pointer = unsafe curl_share_init() else { preconditionFailure("curl_share_init: out of memory") }
        unsafe self.pointer = pointer
        // No lock functions: one thread uses it.
        unsafe _ = ccurl_share_connections(pointer)
    }

    deinit { unsafe _ = curl_share_cleanup(pointer) }
}

/// Owns the libcurl multi handle.
///
/// The loop's thread uses it; `wake()` alone is for the others, until `close()`.
@safe
final class CurlMultiHandle: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer
    private var transfers: [UnsafeMutableRawPointer: ObjectIdentifier] = unsafe [:]

    /// - Parameter idleConnections: how many connections are kept at most in each cache.
    init(idleConnections: Int) {
        CurlLibrary.initialize()
        guard let pointer = unsafe curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
        unsafe self.pointer = pointer
        unsafe _ = ccurl_multi_setopt_long(pointer, CURLMOPT_MAXCONNECTS, idleConnections)
    }

    func add(_ handle: CurlEasyHandle, for transfer: ObjectIdentifier) throws(CurlError) {
        guard unsafe curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK else {
            throw CurlError(code: CURLE_OUT_OF_MEMORY)
        }
        unsafe transfers[handle.pointer] = transfer
    }

    func remove(_ handle: CurlEasyHandle) {
        guard unsafe transfers.removeValue(forKey: handle.pointer) != nil else { return }
        unsafe _ = curl_multi_remove_handle(pointer, handle.pointer)
    }

    /// Moves bytes on every transfer that is ready and reports those that ended.
    func perform() -> [(transfer: ObjectIdentifier, code: CURLcode)] {
        var running: Int32 = 0
        unsafe _ = curl_multi_perform(pointer, &running)
        var ended: [(transfer: ObjectIdentifier, code: CURLcode)] = []
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle,
                let transfer = unsafe transfers[handle]
            else { continue }
            ended.append((transfer, unsafe ccurl_message_result(message)))
        }
        return ended
    }

    /// Blocks until a transfer is ready, `milliseconds` passed or another thread calls ``wake()``.
    func wait(milliseconds: Int) {
        unsafe _ = curl_multi_poll(pointer, nil, 0, Int32(clamping: milliseconds), nil)
    }

    /// The one call that any thread may make.
    func wake() { unsafe _ = curl_multi_wakeup(pointer) }

    /// Closes every connection; nothing may be called afterwards.
    func close() { unsafe _ = curl_multi_cleanup(pointer) }
}

/// An error code of libcurl.
struct CurlError: Error {
    var code: CURLcode
}

extension CURLcode {
    /// Libcurl's general sentence about the code.
    var meaning: String { unsafe String(cString: curl_easy_strerror(self)) }
}

private enum CurlLibrary {
    private static let result = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    static func initialize() { precondition(result == CURLE_OK, "curl_global_init failed") }
}
