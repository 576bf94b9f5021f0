import MailModel
import Testing

@testable import Planning

/// Programs on port 25 and what is planned for them.
protocol Port25Sample {}

/// The managers that the samples have.
enum Port25Managers {
    static let postfix = ServiceManager.systemd([
        UnitState(name: "postfix.service", active: "failed", file: "enabled")
    ])
    static let exim = ServiceManager.systemd([
        UnitState(name: "exim4.service", active: "active", file: "enabled"),
        UnitState(name: "exim4.socket", active: "active", file: "disabled"),
    ])
}

extension Port25Sample {
    static var exim: ServiceManager { Port25Managers.exim }
    static var postfix: ServiceManager { Port25Managers.postfix }

    func listener(
        _ executable: String, _ address: IPAddress = .v4(0), port: Int = 25, served: [String] = [],
        origin: ProgramOrigin? = nil
    ) -> Listener {
        Listener(
            address: address, port: port, processID: 700, executable: executable, unit: nil, served: served,
            origin: origin)
    }

    func master(_ address: IPAddress = .v4(0)) -> Listener {
        listener("/usr/lib/postfix/sbin/master", address)
    }

    func foreign(_ manager: ServiceManager?, address: IPAddress = .v4(0), port: Int = 25) -> Listener {
        listener(
            "/usr/sbin/exim4", address, port: port,
            origin: ProgramOrigin(
                command: ["/usr/sbin/exim4", "-bd"], package: "exim4-daemon-light", manager: manager,
                queue: ForeignQueue(directory: "/var/spool/exim4/input", messages: 3)))
    }

    func plan(
        _ listeners: [Listener], mta: MailTransferAgent = .postfix,
        service: ServiceManager? = Port25Managers.postfix,
        consents: Set<Consent> = [], files: [String: String] = [:],
        mainCF: String = HostFixture.mainCF, masterCF: String = HostFixture.masterCF, dissent: [Evidence] = []
    ) -> Plan {
        var host = HostFixture.host(
            postfix: .seen(HostFixture.postfix(mainCF: mainCF, masterCF: masterCF)),
            listeners: .seen(listeners))
        host.managedMTA = .seen(ManagedMTA(mta, evidence: [], service: service, dissent: dissent))
        host.superserverFiles = files.reduce(into: [:]) {
            $0[$1.key] = FileContent(path: $1.key, bytes: Array($1.value.utf8))
        }
        return makePlan(
            policy: HostFixture.policy(), state: host, agentVersion: "1.0.0", consents: consents)
    }

    func finding(_ plan: Plan) throws -> Finding {
        try #require(plan.findings.first { $0.id == .port25 })
    }

    func commands(_ plan: Plan) -> [String] {
        plan.changes.flatMap { change -> [String] in
            switch change.action {
            case .service(let service): service.commands.map { $0.joined(separator: " ") }
            case .edit(let edit): ["edit \(edit.path)"]
            case .hold: []
            case .plesk: ["plesk"]
            }
        }
    }
}
