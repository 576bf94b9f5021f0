import HostIO
import MailModel
import Recording

extension Engine {
    /// Does something to a service that is not in the journal yet.
    func carryOut(_ service: ServiceChange, role: StepRole) async throws(Failure) {
        let step = try inJournal(role) { () throws(Failure) in
            try journal.start(.service(service), summary: service.summary, role: role)
        }
        try await carryOut(service, step: step)
    }

    func carryOut(_ service: ServiceChange, step: Int?) async throws(Failure) {
        try await carryOut(step, summary: service.summary) { () async throws(Failure) in
            let begun = timeSinceBoot()
            if case .end(let process, let command) = service {
                // Another program may have the number by now; one that has ended is no error.
                guard isRunning(process, command) else { return }
            }
            if instruments.isBeforeMail {
                // The boot goes on after this run: what is to start or stop is put in its queue, and not waited for.
                for command in service.commands.compactMap(\.atBoot) {
                    try await run(command, for: service)
                }
                return
            }
            if case .resume = service { try await awaitPortsOfOthers() }
            for command in service.commands { try await run(command, for: service) }
            if service == .reloadPostfix {
                try await instruments.settle(begun)
            } else {
                try await instruments.awaitEffect(service, begun)
            }
        }
    }

    private func isRunning(_ process: Int, _ command: [String]) -> Bool {
        guard let bytes = try? readFile("/proc/\(process)/cmdline", limit: 1 << 20) else { return false }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } == command
    }

    private func run(_ command: [String], for service: ServiceChange) async throws(Failure) {
        guard let program = command.first else { return }
        let result = try await instruments.run(
            ProgramCall(
                executable: program, arguments: Array(command.dropFirst()), deadline: .seconds(120)))
        guard result.succeeded || result.isOfUnitThatIsGone(command) else {
            throw Failure(
                .failed, "\(service.failure): \(command.joined(separator: " "))",
                detail: result.errorText + result.outputText, remedy: service.remedy)
        }
    }
}

extension ServiceChange {
    fileprivate var failure: String {
        switch self {
        case .reloadPostfix: "Postfix did not reload"
        case .reloadSuperserver: "xinetd did not reload"
        case .restartQmail: "qmail-send did not start again"
        case .retire(let manager, _): "\(manager.name) could not be stopped and disabled"
        case .end(_, let command): "\(command.first ?? "a program") could not be ended"
        case .restore(let manager, _): "\(manager.name) could not be brought back to what it was"
        case .start(let mta, _): "\(mta.rawValue) could not be started"
        case .enable(let mta, _), .disable(let mta, _):
            "whether \(mta.rawValue) is started at boot could not be changed"
        case .withdraw(let mta, _): "\(mta.rawValue) could not be stopped"
        case .resume(let mta, _): "\(mta.rawValue) could not be started again"
        }
    }

    fileprivate var remedy: String {
        switch self {
        case .reloadPostfix: "Run `postfix check` and look at the mail log."
        case .reloadSuperserver, .restartQmail, .start, .enable, .disable, .withdraw, .resume, .retire,
            .restore,
            .end:
            "Run the command by hand to see what is in the way."
        }
    }
}

extension ProgramResult {
    /// Whether there was nothing to stop or to disable, since somebody removed the unit: a going back that failed for
    /// that would fail for ever. systemctl(1) ends with the LSB's "not installed" where it was to stop it.
    fileprivate func isOfUnitThatIsGone(_ command: [String]) -> Bool {
        guard command.first?.hasSuffix("/systemctl") == true else { return false }
        if command.contains("stop") { return exit == .exited(5) }
        return command.contains("disable") && errorText.contains("does not exist")
    }
}

extension [String] {
    /// What the command is before mail is served; `nil` where there is nothing to reload or to stop yet.
    fileprivate var atBoot: [String]? {
        let decides =
            ["enable", "disable", "mask", "unmask", "daemon-reload"].contains(where: contains)
            || ["/bin/ln", "/bin/mkdir", "/bin/touch", "/bin/rm"].contains(first)
        if decides || first?.hasSuffix("/chkconfig") == true { return self }
        guard let program = first, program.hasSuffix("/systemctl"),
            ["start", "stop", "restart"].contains(where: contains)
        else { return nil }
        return [program, "--no-block"] + dropFirst()
    }
}
