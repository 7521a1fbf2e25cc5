import CCurl
import Effects
import Glibc

/// How libcurl ended a transfer, and the mapping of that to what callers switch over.
struct CurlOutcome {
    var code: CURLcode
    /// `errno` of the last failed connection attempt; 0 if none failed.
    var errno: Int32 = 0
    /// True once a connection stood and the request went out on it, TLS and proxy included.
    ///
    /// It stays true when libcurl
    /// sends the request again on another connection, so a failure after it never claims that nothing was received.
    var wasSent = false
    var hasHead = false
    /// Libcurl's own sentence about this transfer: names hosts, certificates and protocol errors, no header or body.
    var detail = ""

    /// Nil for success.
    func failure(of request: PreparedRequest) -> HTTPFailure? {
        if code == CURLE_OK { return nil }
        let target = request.target
        let kind = kind(throughProxy: request.options.proxy != .none)
        switch kind {
        case .nameResolution: return HTTPFailure(kind, "could not resolve the host of \(target)")
        case .connectTimeout:
            return HTTPFailure(
                kind, "could not connect to \(target) within \(request.options.connectTimeout.brief)")
        case .connectionRefused, .connectFailed:
            return HTTPFailure(kind, "could not connect to \(target): \(connectReason)")
        case .tls: return HTTPFailure(kind, "no trusted TLS connection to \(target): \(reason)")
        case .reset: return HTTPFailure(kind, "the connection to \(target) broke: \(reason)")
        case .tooLarge: return HTTPFailure.headersTooLarge(target)
        case .invalidRequest: return HTTPFailure(kind, "the request to \(target) cannot be sent: \(generalReason)")
        case .invalidResponse, .requestTimeout, .idleTimeout, .gateClosed:
            return HTTPFailure(kind, "the answer of \(target) is not valid HTTP: \(reason)")
        }
    }

    private func kind(throughProxy: Bool) -> HTTPFailure.Kind {
        wasSent ? kindAfterSending : kindBeforeSending(throughProxy: throughProxy)
    }

    /// None of these says that the server received nothing.
    private var kindAfterSending: HTTPFailure.Kind {
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR:
            .invalidResponse
        // A single header line beyond libcurl's own limit of 100 KiB ends like this.
        case CURLE_OUT_OF_MEMORY where !hasHead: .tooLarge
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        default: .reset
        }
    }

    private func kindBeforeSending(throughProxy: Bool) -> HTTPFailure.Kind {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION, CURLE_SETOPT_OPTION_SYNTAX, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            return .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .nameResolution
        case CURLE_OPERATION_TIMEDOUT: return .connectTimeout
        case CURLE_COULDNT_CONNECT:
            if throughProxy { return .connectFailed }
            return errno == ECONNREFUSED ? .connectionRefused : errno == ETIMEDOUT ? .connectTimeout : .connectFailed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            return .tls
        default: return .connectFailed
        }
    }

    private var connectReason: String {
        switch errno {
        case 0: reason
        case ECONNREFUSED: "connection refused"
        case ETIMEDOUT: "no answer"
        case ECONNRESET: "connection reset"
        case EHOSTUNREACH: "no route to host"
        case ENETUNREACH: "network is unreachable"
        case EMFILE, ENFILE: "too many open files"
        case EADDRNOTAVAIL: "no local address or port is free"
        case EACCES, EPERM: "not permitted"
        default: "error \(errno)"
        }
    }

    /// What libcurl says of this transfer, in printable ASCII and cut to one line's length.
    private var reason: String {
        let printable = detail.utf8.prefix(200).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return printable.isEmpty ? generalReason : String(decoding: printable, as: UTF8.self)
    }

    private var generalReason: String { code.meaning }
}

extension HTTPFailure {
    static func headersTooLarge(_ target: String) -> HTTPFailure {
        HTTPFailure(.tooLarge, "the response headers of \(target) exceed \(ResponseHeadParser.byteLimit) bytes")
    }
}
