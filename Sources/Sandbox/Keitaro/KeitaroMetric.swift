import Base

/// A number that a report can show, by its name in the API (`reference/keitaro.md §1.7`).
enum KeitaroMetric: String, CaseIterable {
    case clicks, campaign_unique_clicks, stream_unique_clicks, global_unique_clicks, bots, bot_share, proxies
    case empty_referrers, lp_clicks, lp_ctr, conversions, leads, sales, rejected, rebills, approve
    case cr, crs, crl, roi, roi_confirmed, epc, epc_confirmed, cps, cpa, cpc, ecpc, ecpm, cost, revenue, profit
    case profitability, lead_revenue, sale_revenue, rejected_revenue, profit_confirmed

    enum Value {
        case count(Int64)
        /// In 1/10,000 dollar.
        case money(Int64)
        case ratio(Double)

        var double: Double {
            switch self {
            case .count(let value): Double(value)
            case .money(let value): Double(value) / 10_000
            case .ratio(let value): value
            }
        }

        func json(asString: Bool) -> JSON {
            if case .count(let value) = self { return .integer(value) }
            return asString ? .string(double.description) : .number(double)
        }
    }

    func value(of totals: KeitaroTotals) -> Value {
        let revenue = totals.saleRevenue + totals.leadRevenue
        switch self {
        case .clicks: return .count(totals.clicks)
        case .campaign_unique_clicks, .stream_unique_clicks, .global_unique_clicks: return .count(totals.uniqueClicks)
        case .bots: return .count(totals.bots)
        case .proxies, .empty_referrers, .lp_clicks, .rebills: return .count(0)
        case .conversions: return .count(totals.conversions)
        case .leads: return .count(totals.leads)
        case .sales: return .count(totals.sales)
        case .rejected: return .count(totals.rejected)
        case .lp_ctr: return .ratio(0)
        case .bot_share: return Self.percent(totals.bots, of: totals.clicks)
        case .approve: return Self.percent(totals.sales, of: totals.conversions)
        case .cr: return Self.percent(totals.conversions, of: totals.clicks)
        case .crs: return Self.percent(totals.sales, of: totals.clicks)
        case .crl: return Self.percent(totals.leads, of: totals.clicks)
        case .roi: return Self.percent(revenue - totals.cost, of: totals.cost)
        case .roi_confirmed: return Self.percent(totals.saleRevenue - totals.cost, of: totals.cost)
        case .profitability: return Self.percent(revenue - totals.cost, of: revenue)
        case .epc: return Self.money(revenue, per: totals.clicks)
        case .epc_confirmed: return Self.money(totals.saleRevenue, per: totals.clicks)
        case .cps: return Self.money(totals.cost, per: totals.sales)
        case .cpa: return Self.money(totals.cost, per: totals.conversions)
        case .cpc: return Self.money(totals.cost, per: totals.clicks)
        case .ecpc: return Self.money(revenue - totals.cost, per: totals.clicks)
        case .ecpm: return Self.money((revenue - totals.cost) * 1_000, per: totals.clicks)
        case .cost: return .money(totals.cost)
        case .revenue: return .money(revenue)
        case .profit: return .money(revenue - totals.cost)
        case .lead_revenue: return .money(totals.leadRevenue)
        case .sale_revenue: return .money(totals.saleRevenue)
        case .rejected_revenue: return .money(totals.rejectedRevenue)
        case .profit_confirmed: return .money(totals.saleRevenue - totals.cost)
        }
    }

    private static func percent(_ part: Int64, of whole: Int64) -> Value {
        .ratio(whole == 0 ? 0 : (Double(part) / Double(whole) * 10_000).rounded() / 100)
    }

    private static func money(_ amount: Int64, per count: Int64) -> Value {
        .money(count == 0 ? 0 : Int64((Double(amount) / Double(count)).rounded()))
    }
}
