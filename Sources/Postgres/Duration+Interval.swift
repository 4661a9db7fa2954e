extension Duration {
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// As PostgreSQL's interval.
    package var interval: SQL { "\(wholeMilliseconds)::bigint * interval '1 millisecond'" }
}
