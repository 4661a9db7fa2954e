import Base
import Fetch
import TestDesk
import Testing
import TestGround

@Suite(.timeLimit(.minutes(5))) struct MetricsTests {
    @Test func `a serving process tells its numbers and describes its routes`() async throws {
        try await withTestDatabaseURL { url in
            let (process, address) = try ProgramProcess.serve(
                ["DATABASE_URL": url.reveal(), "SECRET_KEY": "a secret of the tests alone"])
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                let visitor = Visitor(fetch: fetch, base: address, headers: ["Accept": "application/json"])
                for _ in 0..<5 { #expect(try await visitor.get("/health").status == 200) }
                let text = try await visitor.get("/metrics").text
                let numbers = try Exposition(text)
                #expect(numbers["sluice_outbox_oldest_seconds"] == nil || numbers["sluice_outbox_pending"] != nil)
                #expect(numbers.value("process_open_fds").map { $0 > 3 } == true)
                #expect(numbers.value("sluice_pool_limit").map { $0 > 0 } == true)
                for line in [
                    "sluice_build_info{version=\"", "process_resident_memory_bytes ", "process_cpu_seconds_total ",
                    "process_start_time_seconds 1", "sluice_database_up 1", "sluice_http_connections 1",
                    // Nothing has happened here yet, and that can be read.
                    "sluice_batch_rows_bucket{kind=\"postback\",le=\"1024\"} 0",
                    "sluice_batch_rows_count{kind=\"postback\"} 0",
                    "sluice_batch_commit_seconds_bucket{kind=\"postback\",le=\"0.005\"} 0",
                    "sluice_batch_commit_seconds_count{kind=\"postback\"} 0",
                    "sluice_batch_waiting{kind=\"postback\"} 0", "sluice_postbacks_total{outcome=\"accepted\"} 0",
                    "sluice_batch_failures_total{kind=\"postback\"} 0", "sluice_journal_waiting 0",
                    "sluice_journal_bytes 0", "sluice_journal_files 0", "sluice_journal_oldest_seconds 0",
                    "sluice_journal_rows_total 0", "sluice_journal_replayed_total 0", "sluice_journal_parked 0",
                    "sluice_journal_trusted 1", "sluice_outbox_pending{kind=\"keitaro.push\"} 0",
                    "sluice_outbox_failed{kind=\"keitaro.push\"} 0",
                    "sluice_outbox_oldest_seconds{kind=\"keitaro.push\"} 0",
                    "sluice_http_requests_total{route=\"/health\",method=\"GET\",status=\"2xx\"} 5",
                ] {
                    #expect(text.contains("\n" + line), "\(line) is not in\n\(text)")
                }
                let paths = try await visitor.get("/openapi.json").json["paths"]?.objectValue?.keys ?? []
                for path in ["/health", "/ready", "/metrics", "/campaigns/", "/users/login/", "/docs", "/redoc"] {
                    #expect(paths.contains(path), "\(path)")
                }
                await fetch.close()
            }
            withExtendedLifetime(process) {}
        }
    }
}
