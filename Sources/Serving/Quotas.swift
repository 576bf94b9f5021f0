internal import MailModel

/// How much a vantage does for one client, and in all.
package struct QuotaLimits: Sendable, Equatable {
    /// Probes of one client that run or wait.
    package var atOncePerClient: Int
    /// Probes of one client in an hour; as many may come at the same time.
    package var hourlyPerClient: Int
    /// Probes that run.
    package var running: Int
    /// Probes that wait for others to end.
    package var waiting: Int

    package init(
        atOncePerClient: Int = 4, hourlyPerClient: Int = 120, running: Int = 64, waiting: Int = 2000
    ) {
        self.atOncePerClient = atOncePerClient
        self.hourlyPerClient = hourlyPerClient
        self.running = running
        self.waiting = waiting
    }
}

/// Who has asked how much. Pure: the clock is the caller's, and memory is bounded.
///
/// A client is an IPv4 address, or the /64 of an IPv6 address: whoever has one address there has all.
struct Quotas: Sendable {
    private struct Client {
        var allowance: Double
        var seen: Duration
        var atOnce = 0
    }

    private static let clientLimit = 20_000
    let limits: QuotaLimits
    private var clients: [IPAddress: Client] = [:]
    private var admitted = 0

    init(_ limits: QuotaLimits) { self.limits = limits }

    enum Refusal: String, CaseIterable, Sendable { case client, total }

    /// Every admission is to be followed by ``leave(_:)``.
    /// - Parameter now: since any one moment.
    mutating func admit(_ address: IPAddress, at now: Duration) -> Refusal? {
        let key = Self.client(address)
        guard admitted < limits.running + limits.waiting else { return .total }
        if clients[key] == nil {
            if clients.count >= Self.clientLimit { forgetIdle(at: now) }
            guard clients.count < Self.clientLimit else { return .total }
        }
        let hourly = Double(limits.hourlyPerClient)
        var client = clients[key] ?? Client(allowance: hourly, seen: now)
        client.allowance = min(hourly, client.allowance + hourly * ((now - client.seen) / .seconds(3600)))
        client.seen = now
        defer { clients[key] = client }
        guard client.allowance >= 1, client.atOnce < limits.atOncePerClient else { return .client }
        client.allowance -= 1
        client.atOnce += 1
        admitted += 1
        return nil
    }

    mutating func leave(_ address: IPAddress) {
        clients[Self.client(address)]?.atOnce -= 1
        admitted -= 1
    }

    /// Those that would be let in as if they had never asked.
    private mutating func forgetIdle(at now: Duration) {
        clients = clients.filter { $0.value.atOnce > 0 || now - $0.value.seen < .seconds(3600) }
    }

    private static func client(_ address: IPAddress) -> IPAddress {
        address.width == 32 ? address : address.masked(to: 64)
    }
}
