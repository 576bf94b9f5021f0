import MailModel
import Testing

@testable import Vantages

@Suite("What keeps the host's own vantage out")
struct KeptOutTests {
    private func report(_ endpoints: [(Int, ProbeVerdict)], _ verdict: ProbeVerdict) -> ProbeReport {
        ProbeReport(
            target: "x", from: ProbeOrigin(kind: "netns", address: "198.51.100.7"), verdict: verdict,
            endpoints: endpoints.map { port, verdict in
                ProbeEndpoint(
                    address: "203.0.113.10", port: port, tls: .none, verdict: verdict, banner: nil,
                    offersLogin: nil, reason: verdict == .unreachable ? "no answer within 5 s" : nil,
                    tests: [])
            }, hosted: nil)
    }

    @Test(
        "A host is not closed by its other ports where nobody on port 25 could be asked",
        arguments: [
            (
                [(25, ProbeVerdict.unreachable), (587, .closed)], ProbeVerdict.closed,
                ProbeVerdict.inconclusive
            ),
            ([(25, .unreachable), (25, .closed), (587, .unreachable)], .closed, .closed),
            ([(587, .closed), (465, .unreachable)], .closed, .closed),
            ([(25, .unreachable), (587, .open)], .open, .open),
            ([(25, .unreachable)], .unreachable, .unreachable),
        ])
    func verdict(endpoints: [(Int, ProbeVerdict)], before: ProbeVerdict, after: ProbeVerdict) {
        var report = report(endpoints, before)
        report.tellWhatKeepsOut()
        #expect(report.verdict == after)
        for endpoint in report.endpoints where endpoint.verdict == .unreachable {
            #expect(
                endpoint.reason == "no answer within 5 s, and somebody listens there: this host's firewall or"
                    + " routing keeps the vantage out")
        }
        #expect(report.from.note?.contains("ask from another machine") == true)
    }

    @Test("Where nobody listens, nobody is kept out")
    func silent() {
        var report = report([(25, .closed), (465, .unreachable)], .closed)
        report.tellWhatKeepsOut(listening: [listener(.v4(0))])
        #expect(report.verdict == .closed && report.from.note == nil)
        #expect(report.endpoints.last?.reason == "no answer within 5 s, and nobody listens there")
    }

    @Test("A socket of IPv6 that takes no clients of IPv4 keeps none of them out", arguments: [true, false])
    func onlyIPv6(isIPv6Only: Bool) {
        var report = report([(25, .unreachable)], .unreachable)
        var all = listener(.v6(high: 0, low: 0))
        all.isIPv6Only = isIPv6Only
        report.tellWhatKeepsOut(listening: [all])
        #expect(report.endpoints[0].reason?.contains("nobody listens there") == isIPv6Only)
        #expect((report.from.note == nil) == isIPv6Only)
        report = self.report([(25, .unreachable)], .unreachable)
        report.endpoints[0].address = "2001:db8::10"
        report.tellWhatKeepsOut(listening: [listener(.v4(0))])
        #expect(report.endpoints[0].reason?.contains("nobody listens there") == true)
    }

    private func listener(_ address: IPAddress) -> Listener {
        Listener(address: address, port: 25, processID: 1, executable: "/x", unit: nil)
    }

    @Test("A family of addresses that could not be asked on port 25 is not closed by the other")
    func family() {
        var report = report([(25, .closed), (25, .unreachable)], .closed)
        report.endpoints[1].address = "2001:db8::10"
        report.tellWhatKeepsOut()
        #expect(report.verdict == .inconclusive)
    }

    @Test("Where everybody has answered, nothing is said")
    func nothing() {
        var answered = report([(25, .closed), (587, .inconclusive)], .inconclusive)
        let before = answered
        answered.tellWhatKeepsOut()
        #expect(answered == before)
    }
}
