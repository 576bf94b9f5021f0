import MailModel
import Probing
import Testing
import Vantages

@Suite("Local endpoints")
struct LocalEndpointsTests {
    private let interfaces = [
        "127.0.0.1/8", "203.0.113.10/24", "10.0.0.5/8", "169.254.7.7/16", "::1/128", "2001:db8::10/64",
        "fe80::fc:ff:fe00:1/64",
    ].compactMap { IPNetwork($0) }

    @Test(
        "A listener is asked where outsiders reach it",
        arguments: [
            (["0.0.0.0"], ["10.0.0.5", "203.0.113.10"]),
            (["::"], ["10.0.0.5", "203.0.113.10", "2001:db8::10"]),
            (["0.0.0.0", "::"], ["10.0.0.5", "203.0.113.10", "2001:db8::10"]),
            (["127.0.0.1", "::"], ["2001:db8::10"]), (["203.0.113.10"], ["203.0.113.10"]),
            (["127.0.0.1"], []), (["::1"], []), (["fe80::fc:ff:fe00:1"], []), ([], []),
        ])
    func addresses(bound: [String], reached: [String]) throws {
        let listeners = try bound.map {
            Listener(
                address: try #require(IPAddress($0)), port: 25, processID: nil, executable: nil, unit: nil)
        }
        let endpoints = localEndpoints(listeners: listeners, ports: [25, 587], interfaces: interfaces)
        #expect(endpoints.map(\.address.description) == reached)
        #expect(endpoints.allSatisfy { $0.port == 25 && $0.tls == .none })
    }

    @Test("A machine elsewhere is not sent to private addresses, which are another machine's there")
    func elsewhere() {
        let own = [
            "10.0.0.5", "172.17.0.1", "192.168.77.1", "100.64.0.9", "fd00::5", "203.0.113.10", "172.32.0.1",
            "100.128.0.1", "2001:db8::10",
        ]
        let endpoints = own.compactMap { IPAddress($0) }.map { ProbeRequest.Endpoint($0, port: 25) }
        #expect(withoutPrivateAddresses(endpoints).map(\.address.description) == Array(own.suffix(4)))
    }

    @Test(
        "A host behind NAT is asked where the world sees it",
        arguments: [
            (["10.0.0.5"], [], ["0.0.0.0"], false), (["10.0.0.5"], ["203.0.113.9"], ["203.0.113.9"], false),
            (["203.0.113.10"], [], ["203.0.113.10"], false),
            (["203.0.113.10", "172.17.0.1"], [], ["203.0.113.10"], true),
            (["203.0.113.10"], ["203.0.113.10"], ["203.0.113.10"], false),
            (["203.0.113.10", "10.0.0.5"], ["203.0.113.9"], ["203.0.113.10", "203.0.113.9"], false),
            (["10.0.0.5", "2001:db8::10"], [], ["2001:db8::10", "0.0.0.0"], false),
            (["10.0.0.5", "fd00::5"], ["2001:db8::9"], ["0.0.0.0", "2001:db8::9"], false),
            (["fd00::5"], [], [], true),
        ])
    func behindNAT(own: [String], named: [String], asked: [String], isLeftOut: Bool) {
        let endpoints = own.compactMap { IPAddress($0) }.map { ProbeRequest.Endpoint($0, port: 25) }
        let found = endpointsFromElsewhere(endpoints, named: named.compactMap { IPAddress($0) })
        #expect(found.endpoints.map(\.address.description) == asked)
        #expect((found.note != nil) == isLeftOut)
    }

    @Test(
        "Where nobody could ask over IPv4, IPv6 alone does not close a host",
        arguments: [
            ("2001:db8::10", ProbeVerdict.closed, ProbeVerdict.inconclusive, 2),
            ("2001:db8::10", .open, .open, 2), ("203.0.113.10", .closed, .closed, 1),
        ])
    func unasked(answered: String, verdict: ProbeVerdict, expected: ProbeVerdict, rows: Int) throws {
        let own = ["10.0.0.5", "2001:db8::10"].compactMap { IPAddress($0) }
            .map { ProbeRequest.Endpoint($0, port: 25) }
        var report = ProbeReport(
            target: "mx.hosted.example", from: ProbeOrigin(kind: "https", address: nil), verdict: verdict,
            endpoints: [
                ProbeEndpoint(
                    address: answered, port: 25, tls: .none, verdict: verdict, banner: "x",
                    offersLogin: nil, reason: nil, tests: [])
            ], hosted: nil)
        report.tellWhatWasNotAsked(of: endpointsFromElsewhere(own, named: []).endpoints, at: own)
        #expect(report.verdict == expected)
        #expect(report.endpoints.count == rows)
        let last = try #require(report.endpoints.last)
        #expect((last.address == "10.0.0.5") == (rows == 2))
        #expect((last.reason?.contains("--address") == true) == (rows == 2))
    }

    @Test("Only the ports that were asked for, 465 with TLS from the first byte")
    func ports() {
        let listeners = [25, 465, 587, 2525].map {
            Listener(address: .v4(0), port: $0, processID: nil, executable: nil, unit: nil)
        }
        let endpoints = localEndpoints(
            listeners: listeners, ports: [25, 465], interfaces: [IPNetwork(.v4(0xcb00_710a))])
        #expect(endpoints.map(\.port) == [25, 465])
        #expect(endpoints.map(\.tls) == [.none, .implicit])
    }
}
