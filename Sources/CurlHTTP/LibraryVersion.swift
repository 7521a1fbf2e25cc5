import CCurl

extension CurlTransport {
    /// What libcurl says of itself: `libcurl/7.88.1 OpenSSL/3.0.17 …`.
    package static var libraryVersion: String {
        guard let text = unsafe curl_version() else { return "libcurl" }
        return unsafe String(cString: text)
    }
}
