import CCurl
import Glibc

/// One transfer of libcurl, freed at the end of its life; by then it has been removed from its multi handle.
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer

    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }

    func set(_ option: CURLoption, _ value: Int) {
        _ = sluice_curl_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, offset value: Int) {
        _ = sluice_curl_set_offset(pointer, option, curl_off_t(value))
    }

    /// The text has no NUL in it: what comes from outside was checked before.
    func set(_ option: CURLoption, _ value: String) {
        _ = sluice_curl_set_text(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        _ = sluice_curl_set_pointer(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        _ = sluice_curl_set_list(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: @escaping sluice_curl_bytes_callback) {
        _ = sluice_curl_set_bytes_callback(pointer, option, value)
    }

    func long(_ info: CURLINFO) -> Int { sluice_curl_get_long(pointer, info) }
    func offset(_ info: CURLINFO) -> Int { Int(sluice_curl_get_offset(pointer, info)) }

    /// What is the same for every transfer.
    func setFixedOptions() {
        set(CURLOPT_NOSIGNAL, 1)
        // A name lookup has a thread of libcurl's; without this, giving up on it would block the loop until the thread is done.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        set(CURLOPT_ACCEPT_ENCODING, "gzip")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        _ = sluice_curl_set_open_callback(pointer) { _, fd, _ in
            // Not inherited by the programs we start; and a peer that is gone without a word, which would hold a shared HTTP/2
            // connection for a quarter of an hour, is given up after twenty seconds.
            _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
            var milliseconds: Int32 = 20_000
            setsockopt(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, 4)
            return CURL_SOCKOPT_OK
        }
    }
}

/// libcurl's list of header lines, freed at the end of its life.
struct HeaderLines: ~Copyable {
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?

    mutating func append(_ line: String) {
        if let longer = curl_slist_append(pointer, line) { pointer = longer }
    }

    deinit { curl_slist_free_all(pointer) }
}
