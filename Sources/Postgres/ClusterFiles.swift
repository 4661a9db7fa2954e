import Base
import Glibc

/// Where a private cluster keeps what, and its configuration.
struct ClusterFiles: Sendable {
    /// `DATA_DIR`, absolute and without links.
    let root: String

    var home: String { "\(root)/postgres" }
    var data: String { "\(home)/data" }
    /// What `initdb` works in; renamed to `data` when it is whole.
    var unfinished: String { "\(home)/data.new" }
    /// What the server says before its own log files are open.
    var startLog: String { "\(home)/start.log" }
    var pidFile: String { "\(data)/postmaster.pid" }
    /// Held, shared, by each process that uses the cluster.
    var usersLock: String { "\(root)/cluster.lock" }
    /// Held by the one process that is starting or stopping it.
    var changeLock: String { "\(root)/cluster.start.lock" }

    /// A unix socket's path has room for 107 bytes; a deep `DATA_DIR` needs a shorter place, named after it.
    var sockets: String {
        let near = "\(home)/socket"
        let isFit = "\(near)/.s.PGSQL.5432".utf8.count <= 100 && !near.contains(",") && !near.contains("\"")
        return isFit ? near : "/tmp/sluice-\(Hex.encode(SHA256.hash(root).prefix(8)))"
    }

    /// The major version of PostgreSQL that made the data; nil when there is none yet.
    var dataVersion: Int? {
        guard let text = try? FileSystem.read("\(data)/PG_VERSION", limit: 64) else { return nil }
        return ClusterBinaries.parse(version: String(decoding: text, as: UTF8.self))
    }

    func url(database: String) -> String {
        var host = ""
        for byte in sockets.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                host.unicodeScalars.append(Unicode.Scalar(byte))
            default: host += "%" + Hex.encode([byte])
            }
        }
        return "postgresql://sluice@/\(database)?host=\(host)&port=5432"
    }

    /// Read by the server after its own `postgresql.conf`. For a small machine that must not lose a commit.
    var configuration: String {
        let socket = sockets.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return """
            # Written by Sluice at each start of the server; changes here are lost.
            # Reached through a socket in a directory of mode 0700 alone, never through the network.
            listen_addresses = ''
            port = 5432
            unix_socket_directories = '"\(socket)"'
            unix_socket_permissions = 0700
            max_connections = 50
            shared_buffers = 64MB
            work_mem = 8MB
            maintenance_work_mem = 64MB
            effective_cache_size = 512MB
            huge_pages = off
            jit = off
            random_page_cost = 1.1
            fsync = on
            synchronous_commit = on
            full_page_writes = on
            wal_compression = on
            min_wal_size = 256MB
            max_wal_size = 512MB
            checkpoint_timeout = 15min
            timezone = 'UTC'
            log_timezone = 'UTC'
            lc_messages = 'C'
            logging_collector = on
            log_destination = 'stderr'
            log_directory = 'log'
            log_filename = 'postgresql-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_rotation_size = 0
            log_line_prefix = '%m [%p] %a '

            """
    }
}
