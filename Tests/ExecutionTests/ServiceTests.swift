import Execution
import Foundation
import MailModel
import Synchronization
import Testing

@Suite("Services and new files")
struct ServiceTests {
    private static let exim = ServiceManager.systemd([
        UnitState(name: "exim4.service", active: "active", file: "enabled")
    ])
    private static let postfix = ServiceManager.systemd([
        UnitState(name: "postfix.service", active: "inactive", file: "disabled")
    ])
    private static let done = [
        "/bin/systemctl stop exim4.service", "/bin/systemctl --quiet disable exim4.service",
        "/bin/systemctl restart postfix.service", "/bin/systemctl --quiet enable postfix.service",
    ]
    private static let undone = [
        "/bin/systemctl stop postfix.service", "/bin/systemctl --quiet disable postfix.service",
        "/bin/systemctl --quiet enable exim4.service", "/bin/systemctl start exim4.service",
    ]

    private func newFile(_ host: TestHost) -> FileEdit {
        FileEdit(
            path: host.path("rcpthosts"), before: nil, after: Array("example.net\n".utf8),
            touches: ["rcpthosts"])
    }

    private func plan(_ host: TestHost, relayBefore: RelayVerdict = .open) -> Plan {
        host.plan(
            [.edit(newFile(host)), .service(.retire(Self.exim)), .service(.start(.postfix, Self.postfix))],
            relayBefore: relayBefore)
    }

    private func commands(_ host: TestHost) -> [String] {
        host.world.withLock { $0.commands.map { $0.joined(separator: " ") } }
    }

    private func isThere(_ host: TestHost) -> Bool {
        FileManager.default.fileExists(atPath: host.path("rcpthosts"))
    }

    @Test("Another program is retired and the MTA started; a rollback, and its rollback, restore each state")
    func wholeRound() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<6).map { _ in TestHost.report(.closed) } }
        let plan = plan(host)
        #expect(try await host.apply(plan).outcome == .confirmed)
        #expect(commands(host) == Self.done)
        #expect(try host.text("rcpthosts") == "example.net\n")
        for change in 1...2 {
            host.world.withLock { $0.commands = [] }
            let result = try await rollBack(change, plan: plan, planDocument: "{}", using: host.instruments)
            #expect(result.outcome == .confirmed)
            #expect(commands(host) == (change == 1 ? Self.undone : Self.done))
            #expect(isThere(host) == (change == 2))
        }
    }

    @Test(
        "Before mail is served, what is to start or stop is put in the queue of the boot, and not waited for")
    func atBoot() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<2).map { _ in TestHost.report(.closed) } }
        _ = try await host.apply(plan(host, relayBefore: .closed), confirmWindow: .seconds(600))
        host.world.withLock { world in
            world.commands = []
            world.moment = Moment(wall: Timestamp(seconds: 700), sinceBoot: .seconds(3), bootID: "b")
        }
        var instruments = host.instruments
        instruments.isBeforeMail = true
        let results = try await recover(policy: TestHost.policy(), using: instruments)
        #expect(results.map(\.outcome) == [.rolledBack])
        #expect(
            commands(host) == [
                "/bin/systemctl --no-block stop postfix.service",
                "/bin/systemctl --quiet disable postfix.service",
                "/bin/systemctl --quiet enable exim4.service",
                "/bin/systemctl --no-block start exim4.service",
            ])
    }

    @Test("What ran before is stopped, and started again when the other program has its ports")
    func runningBefore() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<6).map { _ in TestHost.report(.closed) } }
        let xinetd = ServiceManager.systemd([
            UnitState(name: "xinetd.service", active: "active", file: "enabled"),
            UnitState(name: "qmail.service", active: "inactive", file: "enabled"),
        ])
        let plan = host.plan([.service(.retire(Self.exim)), .service(.start(.qmail, xinetd))])
        _ = try await host.apply(plan)
        let done = commands(host)
        for change in 1...2 {
            host.world.withLock { $0.commands = [] }
            _ = try await rollBack(change, plan: plan, planDocument: "{}", using: host.instruments)
            #expect(
                commands(host)
                    == (change == 1
                        ? [
                            "/bin/systemctl stop xinetd.service qmail.service",
                            "/bin/systemctl --quiet enable exim4.service",
                            "/bin/systemctl start exim4.service", "/bin/systemctl start xinetd.service",
                        ] : done))
        }
    }

    @Test("What ran before is started again only after the others were waited for")
    func othersFirst() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<4).map { _ in TestHost.report(.closed) } }
        let postfix = ServiceManager.systemd([
            UnitState(name: "postfix.service", active: "active", file: "enabled")
        ])
        let plan = host.plan([
            .service(.retire(.inetd(file: "/etc/inetd.conf", line: 2))),
            .service(.reloadSuperserver(["/bin/systemctl", "reload", "inetd.service"])),
            .service(.start(.postfix, postfix)),
        ])
        let exim = Self.holders("/opt/exim/exim4")
        let own = #"{"address": "0.0.0.0", "port": 587, "program": "/usr/lib/postfix/sbin/master"}"#
        let document = Self.document("/opt/exim/exim4").replacing(
            "listeners\": [", with: "listeners\": [\(own), ")
        var instruments = host.instruments
        instruments.holders = { [host] _, wanted in
            let asked = wanted?.map(\.program).joined(separator: ", ") ?? "nobody"
            host.world.withLock { $0.commands.append(["wait for", asked]) }
            return exim
        }
        _ = try await apply(
            plan, planDocument: document, policy: TestHost.policy(), watchedPaths: [], using: instruments)
        host.world.withLock { $0.commands = [] }
        _ = try await rollBack(1, plan: plan, planDocument: "{}", using: instruments)
        #expect(
            commands(host).prefix(4) == [
                "/bin/systemctl stop postfix.service", "/bin/systemctl reload inetd.service",
                "wait for /opt/exim/exim4", "/bin/systemctl start postfix.service",
            ])
    }

    /// The plan's part that tells who has port 25.
    private static func document(_ program: String?) -> String {
        let holder = program.map { #"{"address": "0.0.0.0", "port": 25, "program": "\#($0)"}"# } ?? ""
        return #"{"host": {"mta": "postfix"}, "listeners": [\#(holder)]}"#
    }

    private static func holders(_ program: String?) -> [PortHolder] {
        [PortHolder(Listener(address: .v4(0), port: 25, processID: 1, executable: program, unit: nil))]
            .filter { _ in program != nil }
    }

    @Test(
        "A rollback that leaves others on the mail ports than before fails; one that leaves nobody says so",
        arguments: [
            ("/usr/sbin/exim4" as String?, "/usr/sbin/exim4" as String?, Outcome.confirmed, ""),
            (
                "/usr/sbin/exim4", "/usr/sbin/xinetd", .incomplete,
                "port 25 had /usr/sbin/exim4 (0.0.0.0) before, and has /usr/sbin/xinetd (0.0.0.0) now"
            ),
            (
                "/usr/sbin/exim4", nil, .incomplete,
                "port 25 had /usr/sbin/exim4 (0.0.0.0) before, and has nobody now; "
                    + "nobody serves port 25 for other hosts: this host takes no mail from outside"
            ),
            (
                nil, nil, .confirmed,
                "nobody serves port 25 for other hosts, as before change 1: this host takes no mail from outside"
            ),
        ])
    func holders(was: String?, is now: String?, outcome: Outcome, reason: String) async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<6).map { _ in TestHost.report(.closed) } }
        let plan = plan(host)
        var instruments = host.instruments
        instruments.holders = { _, _ in Self.holders(now) }
        _ = try await apply(
            plan, planDocument: Self.document(was), policy: TestHost.policy(), watchedPaths: [],
            using: instruments)
        let result = try await rollBack(1, plan: plan, planDocument: "{}", using: instruments)
        #expect(result.outcome == outcome)
        #expect(result.outcome.exitStatus == (outcome == .incomplete ? .personMustAct : .done))
        #expect(result.reasons.joined(separator: "; ") == reason)
    }

    @Test("An apply that goes back and does not bring back who had the ports leaves that to a person")
    func holdersAfterFailure() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.closed)]
            world.failing = Self.done[2]
        }
        var instruments = host.instruments
        instruments.holders = { _, _ in Self.holders("/usr/sbin/xinetd") }
        let failure = await #expect(throws: Failure.self) {
            try await apply(
                plan(host), planDocument: Self.document("/usr/sbin/exim4"), policy: TestHost.policy(),
                watchedPaths: [], using: instruments)
        }
        #expect(failure?.status == .personMustAct)
        #expect(failure?.detail?.contains("port 25 had /usr/sbin/exim4") == true)
    }

    @Test("A service that cannot be started takes everything back, the new file included")
    func failure() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.closed)]
            world.failing = Self.done[2]
        }
        await #expect(throws: Failure.self) { try await host.apply(plan(host)) }
        #expect(!isThere(host))
        #expect(commands(host).suffix(2) == Self.undone.suffix(2))
    }

    @Test("A unit that somebody has removed is stopped already (systemctl(1): 5 is LSB's not installed)")
    func removedUnit() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.closed), TestHost.report(.closed)]
            world.failing = Self.done[0]
            world.failingExit = 5
        }
        #expect(try await host.apply(plan(host)).outcome == .confirmed)
        #expect(commands(host) == Self.done)
    }

    @Test("A new file that somebody else has made meanwhile is not touched")
    func stale() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.closed)] }
        try host.write("rcpthosts", "mine\n")
        let failure = await #expect(throws: Failure.self) { try await host.apply(plan(host)) }
        #expect(failure?.status == .stale)
        #expect(try host.text("rcpthosts") == "mine\n")
        #expect(commands(host).isEmpty)
    }

    @Test("A new file that was edited since is kept by a rollback, which says so")
    func editedSince() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<3).map { _ in TestHost.report(.closed) } }
        let plan = plan(host)
        _ = try await host.apply(plan)
        try host.write("rcpthosts", "example.net\nother.example\n")
        await #expect(throws: Failure.self) {
            try await rollBack(1, plan: plan, planDocument: "{}", using: host.instruments)
        }
        #expect(try host.text("rcpthosts") == "example.net\nother.example\n")
    }
}
