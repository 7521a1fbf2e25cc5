import CCurl
import Effects

extension CurlEasyHandle {
    /// Sets every option that `request` needs; what libcurl would take from the environment is switched off.
    func configure(for request: PreparedRequest) throws(CurlError) {
        try setDefaults()
        try set(CURLOPT_URL, to: request.url)
        try set(CURLOPT_HTTPHEADER, toLines: request.headerLines)
        if let connectTo = request.connectTo { try set(CURLOPT_CONNECT_TO, toLines: [connectTo]) }
        // 0 would mean libcurl's default of 300 s.
        try set(CURLOPT_CONNECTTIMEOUT_MS, to: request.options.connectTimeout.milliseconds(atLeast: 1))
        // Every encoding that libcurl can decode; the body limit counts decoded bytes.
        if request.options.acceptsCompression { try set(CURLOPT_ACCEPT_ENCODING, to: "") }
        try setMethod(request)
        try setConnection(request)
        try setProxy(request.options.proxy)
        try setTLS(request.options.tls)
    }

    private func setDefaults() throws(CurlError) {
        try set(CURLOPT_NOSIGNAL, to: 1)
        try set(CURLOPT_PROTOCOLS_STR, to: "http,https")
        try set(CURLOPT_FOLLOWLOCATION, to: 0)
        try set(CURLOPT_NETRC, to: Int(CURL_NETRC_IGNORED.rawValue))
        // Without it, a name server that does not answer would hold up the whole loop when its transfer is removed.
        try set(CURLOPT_QUICK_EXIT, to: 1)
        try set(CURLOPT_PATH_AS_IS, to: 1)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, to: 1)
        try set(CURLOPT_TCP_KEEPALIVE, to: 1)
        try set(CURLOPT_TCP_KEEPIDLE, to: 30)
        try set(CURLOPT_TCP_KEEPINTVL, to: 10)
        try set(CURLOPT_DNS_CACHE_TIMEOUT, to: 60)
        // Shorter than the idle limits of common load balancers, so that a kept connection still stands.
        try set(CURLOPT_MAXAGE_CONN, to: 110)
    }

    private func setMethod(_ request: PreparedRequest) throws(CurlError) {
        switch (request.method, request.body) {
        case (.get, nil): try set(CURLOPT_HTTPGET, to: 1)
        case (.head, _): try set(CURLOPT_NOBODY, to: 1)
        case (.delete, nil), (.options, nil): try set(CURLOPT_CUSTOMREQUEST, to: request.method.rawValue)
        // A POST without a body says so with `Content-Length: 0`.
        case (.post, nil), (.put, nil), (.patch, nil), (_, .some):
            try setBody(request.body ?? [])
            try set(CURLOPT_CUSTOMREQUEST, to: request.method.rawValue)
        }
    }

    private func setConnection(_ request: PreparedRequest) throws(CurlError) {
        // Why not HTTP/2: see CurlTransport.
        try set(CURLOPT_HTTP_VERSION, to: CURL_HTTP_VERSION_1_1)
        if request.options.connection == .fresh {
            try set(CURLOPT_FRESH_CONNECT, to: 1)
            try set(CURLOPT_FORBID_REUSE, to: 1)
        }
    }

    private func setProxy(_ proxy: HTTPProxy) throws(CurlError) {
        switch proxy {
        case .none:
            // An empty name, and not the absence of one, keeps libcurl from reading http_proxy and its like.
            try set(CURLOPT_PROXY, to: "")
            try set(CURLOPT_NOPROXY, to: "*")
        case .url(let url):
            // Names may exist on the proxy's side alone: as for client-go, it is the proxy that resolves them.
            let scheme = "socks5://"
            let isSOCKS = url.lowercased().hasPrefix(scheme)
            try set(CURLOPT_PROXY, to: isSOCKS ? "socks5h://\(url.dropFirst(scheme.count))" : url)
            try set(CURLOPT_NOPROXY, to: "")
        }
    }

    private func setTLS(_ tls: TLSOptions) throws(CurlError) {
        try set(CURLOPT_SSLVERSION, to: CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_SSL_VERIFYPEER, to: tls.verifies ? 1 : 0)
        try set(CURLOPT_SSL_VERIFYHOST, to: tls.verifies ? 2 : 0)
        if let authorities = tls.authorities {
            // Libcurl trusts the system's directory beside the given certificates unless it is told that there is none.
            try set(CURLOPT_CAPATH, to: nil)
            try set(CURLOPT_CAINFO, to: nil)
            try set(CURLOPT_CAINFO_BLOB, toBlob: authorities)
        }
        if let certificate = tls.clientCertificate {
            try set(CURLOPT_SSLCERTTYPE, to: "PEM")
            try set(CURLOPT_SSLCERT_BLOB, toBlob: certificate)
            try set(CURLOPT_SSLKEYTYPE, to: "PEM")
            try set(CURLOPT_SSLKEY_BLOB, toBlob: tls.clientKey ?? certificate)
            // Without a passphrase OpenSSL would ask for one on the terminal when the key is encrypted.
            try set(CURLOPT_KEYPASSWD, to: "")
        }
    }
}
