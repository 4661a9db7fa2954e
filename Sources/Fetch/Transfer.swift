import Base
import CCurl
import Glibc
import Reactor

/// One request on its way: what libcurl's callbacks read and fill. Touched only on its fetcher's loop (`@unchecked Sendable` on that
/// ground), except while it is made.
final class Transfer: @unchecked Sendable {
    let easy: EasyHandle
    let origin: URLOrigin
    let responseLimit: Int
    let started = MonotonicTime.now()

    var continuation: UnsafeContinuation<Result<FetchResponse, FetchError>, Never>?
    var deadline: TimerID?
    /// Resumed or about to be: a late cancellation finds nothing to do.
    var isFinished = false

    private let request: OutgoingRequest
    private var lines = HeaderLines()
    private let errorText: UnsafeMutablePointer<CChar>
    private var sentBody = 0
    private var received: [UInt8] = []
    private var headerBytes = 0
    /// libcurl takes a connection that ends within the head for the end of the answer.
    private var headIsWhole = false
    private var isTooLarge = false

    /// More than any sane server sends; libcurl itself bounds only the single line.
    private static let headerLimit = 256 << 10

    init(_ request: OutgoingRequest, options: FetchOptions) throws(FetchError) {
        guard let origin = URLOrigin(request.url) else { throw .invalidURL }
        if let name = request.headers.firstUnsendable { throw .invalidHeader(name: name) }
        guard let easy = EasyHandle() else { throw .other(code: Int32(ENOMEM), text: "out of memory") }
        self.easy = easy
        self.origin = origin
        self.request = request
        responseLimit = request.responseLimit
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.easy.setFixedOptions()
        setConnection(options)
        setRequest(options)
        setCallbacks()
    }

    deinit { errorText.deallocate() }

    private func setConnection(_ options: FetchOptions) {
        let connect = request.connectTimeout.wholeNanoseconds / 1_000_000
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, Int(min(max(connect, 1), 1_000_000_000)))
        // An empty proxy also switches off what the environment says.
        let proxy = origin.scheme == "https" ? options.proxy?.reveal() ?? "" : ""
        easy.set(CURLOPT_PROXY, proxy)
        easy.set(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1," + options.directHosts)
        if let authorities = options.authorities { easy.set(CURLOPT_CAINFO, authorities) }
        easy.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
    }

    private func setRequest(_ options: FetchOptions) {
        easy.set(CURLOPT_URL, request.url)
        easy.set(CURLOPT_USERAGENT, options.userAgent)
        switch request.method {
        case .head: easy.set(CURLOPT_NOBODY, 1)
        case .get where request.body.isEmpty: easy.set(CURLOPT_HTTPGET, 1)
        case .delete where request.body.isEmpty: easy.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        default:
            easy.set(CURLOPT_POST, 1)
            easy.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body.count)
            if request.method != .post { easy.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
            // A body is sent without being asked for, and has the type the caller named or none.
            lines.append("Expect:")
            if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        }
        for (name, value) in request.headers.fields {
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        easy.set(CURLOPT_HTTPHEADER, lines.pointer)
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        easy.set(CURLOPT_WRITEDATA, context)
        easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.from(context)?.receive(bytes, count: size &* count) ?? 0
        }
        easy.set(CURLOPT_HEADERDATA, context)
        easy.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.from(context)?.receiveHeader(bytes, count: size &* count) ?? 0
        }
        easy.set(CURLOPT_READDATA, context)
        easy.set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            Transfer.from(context)?.send(into: bytes, capacity: size &* count) ?? Int(CURL_READFUNC_ABORT)
        }
        easy.set(CURLOPT_SEEKDATA, context)
        _ = sluice_curl_set_seek_callback(easy.pointer) { context, offset, origin in
            guard let transfer = Transfer.from(context), origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
            return transfer.rewind(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Callbacks

    /// Anything but `count` ends the transfer.
    private func receive(_ bytes: UnsafeMutablePointer<CChar>?, count: Int) -> Int {
        guard count <= responseLimit - received.count else {
            isTooLarge = true
            return 0
        }
        received.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    /// The fields are read at the end, from libcurl's own list; here they are only counted, and the empty line is looked for.
    private func receiveHeader(_ bytes: UnsafeMutablePointer<CChar>?, count: Int) -> Int {
        let line = UnsafeRawBufferPointer(start: bytes, count: count)
        if line.starts(with: "HTTP/".utf8) { headIsWhole = false }
        if line.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) { headIsWhole = true }
        headerBytes += count
        if headerBytes <= Self.headerLimit { return count }
        isTooLarge = true
        return 0
    }

    private func send(into bytes: UnsafeMutablePointer<CChar>?, capacity: Int) -> Int {
        guard let bytes else { return Int(CURL_READFUNC_ABORT) }
        let count = min(capacity, request.body.count - sentBody)
        request.body.withUnsafeBytes { body in
            UnsafeMutableRawBufferPointer(start: bytes, count: count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[sentBody..<sentBody + count]))
        }
        sentBody += count
        return count
    }

    /// libcurl asks for it when it wants to send the request again on a new connection.
    private func rewind(to offset: Int) -> Bool {
        guard request.isRepeatable, offset >= 0, offset <= request.body.count else { return false }
        sentBody = offset
        return true
    }

    // MARK: The end

    var isSent: Bool { easy.long(CURLINFO_REQUEST_SIZE) > 0 }

    var timeout: FetchError {
        let isConnected =
            isSent || easy.offset(CURLINFO_PRETRANSFER_TIME_T) > 0 || easy.offset(CURLINFO_CONNECT_TIME_T) > 0
        return .timeout(connected: isConnected, sent: isSent)
    }

    func result(_ code: CURLcode) -> Result<FetchResponse, FetchError> {
        if code != CURLE_OK { return .failure(error(code)) }
        return headIsWhole ? .success(response()) : .failure(.reset(sent: true))
    }

    private func response() -> FetchResponse {
        var headers = FetchHeaders()
        var previous: UnsafeMutablePointer<curl_header>?
        while let header = curl_easy_nextheader(easy.pointer, UInt32(CURLH_HEADER), -1, previous) {
            // libcurl 7.88 leaves the line end in an empty value.
            let value = String(cString: header.pointee.value).trimmingSpaces()
            headers.append(String(cString: header.pointee.name), String(value))
            previous = header
        }
        return FetchResponse(
            status: easy.long(CURLINFO_RESPONSE_CODE), headers: headers, body: received,
            duration: MonotonicTime.now() - started)
    }

    /// libcurl's own words are taken only where they name nothing but hosts and certificates.
    private func error(_ code: CURLcode) -> FetchError {
        if isTooLarge { return .tooLarge(limit: responseLimit) }
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST: return .couldNotResolve(host: origin.host)
        case CURLE_COULDNT_RESOLVE_PROXY: return .couldNotResolve(host: "of the proxy")
        case CURLE_COULDNT_CONNECT: return couldNotConnect
        case CURLE_OPERATION_TIMEDOUT: return timeout
        case CURLE_FILESIZE_EXCEEDED: return .tooLarge(limit: responseLimit)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            let text = String(cString: errorText)
            return .tls(reason: text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
        case CURLE_RECV_ERROR where proxyRefusal != nil, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
            CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            return proxyRefusal ?? .reset(sent: isSent)
        default: return .other(code: Int32(code.rawValue), text: String(cString: curl_easy_strerror(code)))
        }
    }

    private var proxyRefusal: FetchError? {
        let status = easy.long(CURLINFO_HTTP_CONNECTCODE)
        guard status >= 300 else { return nil }
        return .other(code: Int32(CURLE_RECV_ERROR.rawValue), text: "the proxy answered \(status)")
    }

    private var couldNotConnect: FetchError {
        let number = Int32(truncatingIfNeeded: easy.long(CURLINFO_OS_ERRNO))
        switch number {
        case ECONNREFUSED: return .refused
        case ETIMEDOUT: return .timeout(connected: false, sent: false)
        case 0: return .other(code: Int32(CURLE_COULDNT_CONNECT.rawValue), text: "no connection")
        default:
            return .other(
                code: Int32(CURLE_COULDNT_CONNECT.rawValue), text: SystemError(call: "connect", number: number).reason)
        }
    }
}
