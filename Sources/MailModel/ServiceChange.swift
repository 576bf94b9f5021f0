/// What is done to a service.
package enum ServiceChange: Hashable, Sendable, Codable {
    /// Postfix reads its configuration again.
    case reloadPostfix
    /// xinetd (or inetd) reads its files again; the program and its arguments.
    case reloadSuperserver([String])
    /// qmail-send, or a supervised server of Qmail, is started again, since it reads some of its files only then.
    case restartQmail([String])
    /// A program that is not the managed MTA is stopped, and not started at boot any more.
    /// The ports are those that it had; `nil` in a journal of an earlier release.
    case retire(ServiceManager, ports: [Int]? = nil)
    /// The managed MTA is started (again), enabled, and waited for until its banner is there.
    case start(MailTransferAgent, ServiceManager)
    /// The managed MTA, which runs, is started at the next boot as well.
    case enable(MailTransferAgent, ServiceManager)
    /// What ``enable(_:_:)`` took in hand is as before.
    case disable(MailTransferAgent, ServiceManager)
    /// A program that nothing manages is ended.
    case end(processID: Int, command: [String])
    /// What ``retire(_:)`` stopped is brought back to the state that was recorded.
    case restore(ServiceManager, ports: [Int]? = nil)
    /// What ``start(_:_:)`` started is stopped, so that its ports are free for what had them, and disabled as before.
    case withdraw(MailTransferAgent, ServiceManager)
    /// What ran before ``start(_:_:)`` is started after ``withdraw(_:_:)``, when the others have their ports again.
    case resume(MailTransferAgent, ServiceManager)

    /// The absolute programs that do it, with their arguments, in order.
    package var commands: [[String]] {
        switch self {
        case .reloadPostfix: [["/usr/sbin/postfix", "reload"]]
        case .reloadSuperserver(let command), .restartQmail(let command):
            // What gives the environment may be in the unit's own files.
            command.isUnitRestart ? [[command[0], "daemon-reload"], command] : [command]
        case .retire(let manager, _): manager.retirement
        case .start(_, let manager): manager.beginning
        case .enable(_, let manager): manager.enabling
        case .disable(_, let manager): manager.disabling
        case .end(let processID, _): [["/bin/kill", "-TERM", String(processID)]]
        case .restore(let manager, _): manager.restoration
        case .withdraw(_, let manager): manager.ending
        case .resume(_, let manager): manager.resumption
        }
    }

    /// The first of ``commands``, for where one is shown.
    package var command: [String] { commands.first ?? [] }

    /// What is done, as an instruction.
    package var summary: String {
        switch self {
        case .reloadPostfix: "Reload Postfix"
        case .reloadSuperserver(let command) where command.last == "daemon-reload":
            "Have systemd read its units again"
        case .reloadSuperserver(let command):
            (command.contains("restart") ? "Restart " : "Reload ")
                + ServiceManager.superserver(of: command)
        case .restartQmail(let command):
            command.isSupervisedRestart || command.isUnitRestart
                ? "Restart \(command.last ?? "")" : "Restart qmail-send"
        case .retire(let manager, _): "Stop and disable \(manager.name)"
        case .start(let mta, _): "Start \(mta.rawValue), and wait for its banner"
        case .enable(let mta, _): "Have \(mta.rawValue) started at boot as well"
        case .disable(let mta, _): "Have \(mta.rawValue) not started at boot, as before"
        case .end(let processID, let command): "End \(command.first ?? "") (pid \(processID))"
        case .restore(let manager, _): "Bring \(manager.name) back to what it was"
        case .withdraw(let mta, _): "Stop \(mta.rawValue)"
        case .resume(let mta, _): "Start \(mta.rawValue) again, as it ran before"
        }
    }

    /// What takes it back; `nil` for what cannot be: a program that was ended is started by nobody.
    package var reversed: ServiceChange? {
        switch self {
        case .reloadPostfix, .reloadSuperserver, .restartQmail: self
        case .retire(let manager, let ports): .restore(manager, ports: ports)
        case .restore(let manager, let ports): .retire(manager, ports: ports)
        case .start(let mta, let manager): .withdraw(mta, manager)
        case .withdraw(let mta, let manager): .start(mta, manager)
        case .enable(let mta, let manager): .disable(mta, manager)
        case .disable(let mta, let manager): .enable(mta, manager)
        case .end, .resume: nil
        }
    }

    /// What belongs to ``reversed``, once everything else is taken back.
    package var afterReversal: ServiceChange? {
        guard case .start(let mta, let manager) = self, !manager.resumption.isEmpty else { return nil }
        return .resume(mta, manager)
    }
}

extension ServiceManager {
    /// As its own tools name it.
    package var name: String {
        switch self {
        case .systemd(let units): units.own.map(\.name).joined(separator: ", ")
        case .xinetd(let file, let service): "\(service) of \(file)"
        case .inetd(let file, let line): "\(file):\(line)"
        case .script(let path, _): path
        case .upstart(let job): "the job \(job)"
        case .supervised(let directory): directory.path
        }
    }
}

extension ServiceManager {
    /// Stops the program and keeps it from being started at boot, in this order.
    package var retirement: [[String]] {
        switch self {
        case .systemd(let all):
            let units = all.own
            // The sockets go first, or a client would start the service again.
            let names = units.dropFirst().map(\.name) + units.prefix(1).map(\.name)
            return [[systemctl, "stop"] + names]
                + orders("disable", units.filter { $0.isEnabled || $0.isLinked }.map(\.name))
                + orders("mask", units.filter { $0.isToBeMasked == true }.map(\.name))
        case .script(let path, let isEnabled):
            return [[path, "stop"]] + (isEnabled ? [switching(path, on: false)] : [])
        case .upstart(let job): return [["/sbin/stop", job]]
        case .supervised(let directory):
            return [directory.stop] + (directory.isEnabled ? [directory.disable] : [])
        case .xinetd, .inetd: return []
        }
    }

    /// Brings the program back to the state that was recorded.
    package var restoration: [[String]] {
        switch self {
        case .systemd(let all):
            let units = all.own
            // `enable` would make the links that the unit's file names, which are not those that were there.
            let links = units.filter(\.isLinked).reduce(into: [:]) {
                $0.merge($1.links ?? [:]) { first, _ in first }
            }
            let lasting = units.filter { $0.isEnabled && $0.file != "enabled-runtime" && !$0.isLinked }
            let passing = units.filter { $0.file == "enabled-runtime" }
            // What triggers the service comes first, as before it was stopped.
            let active = (units.dropFirst() + units.prefix(1) + all.filter(\.isDragged))
                .filter { $0.isActive && !$0.isTransient }
            let masked = active.filter(\.isMasked)
            return orders("unmask", units.filter { $0.isToBeMasked == true }.map(\.name)) + linkOrders(links)
                + orders("enable", lasting.map { $0.linkedFrom ?? $0.name })
                + orders("enable", passing.map { $0.linkedFrom ?? $0.name }, isRuntime: true)
                + maskOrders("unmask", masked)
                + (active.isEmpty ? [] : [[systemctl, "start"] + active.map(\.name)])
                + maskOrders("mask", masked)
        case .script(let path, let isEnabled):
            return (isEnabled ? [switching(path, on: true)] : []) + [[path, "start"]]
        case .upstart(let job): return [["/sbin/start", job]]
        case .supervised(let directory):
            return (directory.isEnabled ? [directory.enable] : []) + [directory.start]
        case .xinetd, .inetd: return []
        }
    }

    /// Whether the program, as it runs now, would be gone after the next boot.
    package var isGoneAfterBoot: Bool { !enabling.isEmpty }

    /// Has the program started at boot.
    package var enabling: [[String]] {
        switch self {
        case .systemd(let units):
            maskOrders("unmask", units.filter(\.isMasked))
                + orders("enable", units.filter(\.isDisabled).map(\.name))
        case .script(let path, let isEnabled): isEnabled ? [] : [switching(path, on: true)]
        case .supervised(let directory): directory.isEnabled ? [] : [directory.enable]
        case .upstart, .xinetd, .inetd: []
        }
    }

    /// Undoes ``enabling``.
    package var disabling: [[String]] {
        switch self {
        case .systemd(let units):
            orders("disable", units.filter(\.isDisabled).map(\.name))
                + maskOrders("mask", units.filter(\.isMasked))
        case .script(let path, let isEnabled): isEnabled ? [] : [switching(path, on: false)]
        case .supervised(let directory): directory.isEnabled ? [] : [directory.disable]
        case .upstart, .xinetd, .inetd: []
        }
    }

    /// Starts the program now and at boot.
    package var beginning: [[String]] {
        switch self {
        case .systemd(let units):
            let disabled = units.filter(\.isDisabled).map(\.name)
            return maskOrders("unmask", units.filter(\.isMasked))
                + [[systemctl, "restart"] + units.map(\.name)] + orders("enable", disabled)
        case .script(let path, _): return [[path, "restart"]] + enabling
        case .upstart(let job): return [["/sbin/start", job]]
        case .supervised(let directory): return enabling + [directory.start]
        case .xinetd, .inetd: return []
        }
    }

    /// Undoes ``beginning``. What ran before is stopped as well: it may have taken ports that others had, and a
    /// reload does not let them go.
    package var ending: [[String]] {
        switch self {
        case .systemd(let units): return [[systemctl, "stop"] + units.map(\.name)] + disabling
        case .script(let path, _): return [[path, "stop"]] + disabling
        case .upstart(let job): return [["/sbin/stop", job]]
        case .supervised(let directory): return [directory.stop] + disabling
        case .xinetd, .inetd: return []
        }
    }

    /// Starts after ``ending`` what ran before.
    package var resumption: [[String]] {
        // It was to run, and did not get its port; or was put down.
        if case .supervised(let directory) = self {
            return directory.isWanted == false ? [] : [directory.start]
        }
        guard case .systemd(let units) = self else { return [] }
        let running = units.filter(\.isActive)
        guard !running.isEmpty else { return [] }
        let masked = running.filter(\.isMasked)
        return maskOrders("unmask", masked) + [[systemctl, "start"] + running.map(\.name)]
            + maskOrders("mask", masked)
    }

    /// Whether ``restoration`` starts the program again.
    package var isStartedAgain: Bool {
        switch self {
        case .systemd(let units): units.own.contains { $0.isActive && !$0.isTransient }
        case .script, .upstart, .supervised: true
        case .xinetd, .inetd: false
        }
    }

    private var systemctl: String { "/bin/systemctl" }

    private func linkOrders(_ links: [String: String]) -> [[String]] {
        guard !links.isEmpty else { return [] }
        let directories = Set(links.keys.map { $0.split(separator: "/").dropLast().joined(separator: "/") })
        return [["/bin/mkdir", "-p"] + directories.sorted().map { "/" + $0 }]
            + links.sorted { $0.key < $1.key }.map { ["/bin/ln", "-sfn", $0.value, $0.key] }
            + [[systemctl, "daemon-reload"]]
    }

    /// - Parameter isRuntime: Whether it counts until the host is started again.
    private func orders(_ verb: String, _ names: [String], isRuntime: Bool = false) -> [[String]] {
        names.isEmpty ? [] : [[systemctl, "--quiet", verb] + (isRuntime ? ["--runtime"] : []) + names]
    }

    private func maskOrders(_ verb: String, _ units: [UnitState]) -> [[String]] {
        orders(verb, units.filter { $0.file == "masked" }.map(\.name))
            + orders(verb, units.filter { $0.file == "masked-runtime" }.map(\.name), isRuntime: true)
    }

    /// The name in `systemctl reload xinetd.service` or `/etc/init.d/xinetd reload`.
    fileprivate static func superserver(of command: [String]) -> Substring {
        let word = ["reload", "restart"].contains(command.last) ? command.first : command.last
        return word?.split(separator: "/").last?.split(separator: ".").first ?? "xinetd"
    }

    /// Debian's and Red Hat's tools for the links of start scripts.
    private func switching(_ path: String, on: Bool) -> [String] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return path.hasPrefix("/etc/rc.d/")
            ? ["/sbin/chkconfig", name, on ? "on" : "off"]
            : ["/usr/sbin/update-rc.d", name, on ? "enable" : "disable"]
    }
}

extension [String] {
    /// Whether a supervisor ends a service, and starts it again (`svc -t`, `s6-svc -t`, `sv term`).
    package var isSupervisedRestart: Bool { contains("-t") || contains("term") }

    /// Whether a unit of systemd is started again that starts Qmail's servers: qmail-send itself is none of them.
    package var isUnitRestart: Bool {
        first?.hasSuffix("/systemctl") == true && contains("restart") && last != "qmail.service"
    }
}
