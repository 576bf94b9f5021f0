import MailModel
import Qmail

extension Port25 {
    /// Plans the end of a program, once for all its listeners.
    /// - Returns: Whether the program will be gone.
    func take(away listener: Listener, _ judgement: inout Port25Judgement) -> Bool {
        guard let origin = listener.origin, origin.forwardsTo == nil else { return false }
        if let manager = origin.manager { return retire(manager, listener, &judgement) }
        guard consents.contains(.stopUnmanaged), origin.keeper == nil, let process = listener.processID else {
            return false
        }
        let name = listener.programName
        judgement.add(
            Step(
                .port25, "End \(name) (pid \(process)), which nothing manages",
                .service(.end(processID: process, command: origin.command))))
        let note = "a rollback does not start \(name) again; it was: \(command(of: listener))"
        if !judgement.finding.notes.contains(note) { judgement.finding.notes.append(note) }
        return true
    }

    private func retire(
        _ manager: ServiceManager, _ listener: Listener, _ judgement: inout Port25Judgement
    ) -> Bool {
        let name = listener.programName
        let ports = Set((listeners + beside).filter { $0.origin?.manager == manager }.map(\.port)).sorted()
        switch manager {
        case .systemd(let units):
            let note =
                "a rollback cannot start \(name) again, as its unit goes with it; it was: \(command(of: listener))"
            if units.contains(where: \.isTransient), !judgement.finding.notes.contains(note) {
                judgement.finding.notes.append(note)
            }
            let list = manager.name
            judgement.add(
                Step(
                    .port25, "Stop and disable \(name == list ? list : "\(name) (\(list))")",
                    .service(.retire(manager, ports: ports))))
        case .script, .supervised:
            judgement.add(
                Step(
                    .port25, "Stop and disable \(name) (\(manager.name))",
                    .service(.retire(manager, ports: ports))))
        case .upstart(let job):
            _ = edit("/etc/init/\(job).conf", touching: "start on", &judgement, upstartDisabling)
            judgement.add(
                Step(
                    .port25, "Stop and disable \(name) (upstart job \(job))",
                    .service(.retire(manager, ports: ports))))
        case .xinetd(let path, let service):
            guard
                edit(
                    path, touching: "\(service): disable = yes", &judgement,
                    { bytes in
                        xinetdDisabling(service, at: listener.port, in: bytes)
                    })
            else { return false }
            judgement.add(
                Step(
                    .port25, "Reload xinetd, without \(name)", .service(.reloadSuperserver(reload(listener))))
            )
        case .inetd(let path, let line):
            guard edit(path, touching: "line \(line)", &judgement, { inetdDisabling(line: line, in: $0) })
            else {
                return false
            }
            judgement.add(
                Step(
                    .port25, "Reload \(superserver(listener)), without \(name)",
                    .service(.reloadSuperserver(reload(listener)))))
        }
        return true
    }

    /// Several listeners may have their entries in one file, and one entry may have several listeners.
    /// - Returns: Whether the file will be as it is to be.
    private func edit(
        _ path: String, touching touch: String, _ judgement: inout Port25Judgement,
        _ change: ([UInt8]) -> [UInt8]?
    ) -> Bool {
        guard let file = state.superserverFiles[path] else { return false }
        let index = judgement.edits.firstIndex { $0.path == file.path }
        if let index, judgement.edits[index].touches.contains(touch) { return true }
        guard let after = change(index.map { judgement.edits[$0].after } ?? file.bytes) else { return false }
        if let index {
            judgement.edits[index].after = after
            judgement.edits[index].touches.append(touch)
        } else {
            judgement.edits.append(
                FileEdit(path: file.path, before: file.bytes, after: after, touches: [touch]))
        }
        return true
    }

    /// xinetd may read the file of inetd.
    private func superserver(_ listener: Listener) -> String {
        listener.executable?.split(separator: "/").last.map(String.init) ?? "xinetd"
    }

    /// Its unit's, or its start script's.
    private func reload(_ listener: Listener) -> [String] {
        let name = superserver(listener)
        return state.superserverReloads[name] ?? ["/bin/systemctl", "reload", "\(name).service"]
    }
}

extension Port25Judgement {
    fileprivate mutating func add(_ step: Step) {
        if !steps.contains(where: { $0.action == step.action }) { steps.append(step) }
    }
}
