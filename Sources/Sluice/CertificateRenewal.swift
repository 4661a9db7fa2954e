import Base
import Glibc
import Reactor

/// Reads the TLS files anew on SIGHUP, so that a renewed certificate is served without a restart.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
final class CertificateRenewal: @unchecked Sendable {
    private let source: SignalSource

    /// On `loop`'s thread, where it lives.
    init(_ tls: TLSContext, loop: EventLoop, log: Logger) throws(SystemError) {
        source = try SignalSource([SIGHUP], on: loop) { _ in
            do throws(TLSContext.Failure) {
                try tls.reload()
                log.info("the certificate was read anew")
            } catch {
                log.error("the certificate stays the old one", ["error": error.description])
            }
        }
    }

    func stop() { source.cancel() }
}
