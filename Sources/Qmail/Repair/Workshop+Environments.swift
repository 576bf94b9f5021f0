import MailModel

extension Workshop {
    /// Plans to start again what has RELAYCLIENT only since it was started with it, and takes it out of the file of a
    /// superserver's environment.
    /// - Returns: Whether that is all there is to do.
    mutating func restart(whatGives setting: MailService.Setting, to service: MailService) -> Bool {
        guard setting.isInherited else { return false }
        let path = setting.place.file
        if path.hasPrefix(QmailConfiguration.processes) {
            if let directory = current.running.first(where: { path == $0.environmentPath })?.supervised {
                stale.insert(directory)
                return true
            }
            guard current.starters.contains(where: { $0.isSuperserver && path == $0.environmentPath }) else {
                return false
            }
            restartsSuperserver = true
            return true
        }
        let isUnit = path.contains("/systemd/system/")
        guard
            isUnit || ["/etc/default/", "/etc/sysconfig/"].contains(where: path.hasPrefix)
                || current.namedEnvironmentFiles.contains(path),
            let line = setting.place.line
        else { return false }
        if current.isXinetd(service.place.file) || service.place.file == "/etc/inetd.conf" {
            restartsSuperserver = true
        } else if service.name.hasSuffix(".socket") {
            reloadsUnits = true
        } else if let unit = current.starters.first(where: { $0.name == service.name })?.unit {
            restartedUnits.insert(unit)
        } else {
            return false
        }
        edit(path, touching: "RELAYCLIENT") { lines in
            if isUnit {
                lines.removeVariable("RELAYCLIENT", fromUnitLine: line)
            } else {
                lines.removeAssignment("RELAYCLIENT", fromLine: line)
            }
        }
        return true
    }

    mutating func remove(_ setting: MailService.Setting, client: RuleClient?, opens: String) {
        if opens != "every client" {
            note(
                "No longer relayed without a login: \(opens). If they are yours, vouch for their network in the "
                    + "policy (white-list.vouched), and it stays")
        }
        let path = setting.place.file
        if setting.isInherited {
            let place = setting.place.line.map { "\(path):\($0)" } ?? path
            note(
                "\(place): what starts the server has RELAYCLIENT from there and hands it on; take it out and start that "
                    + "again, which a reload is not")
        } else if path.hasPrefix(QmailConfiguration.processes) {
            note("\(path): what started this program gave it RELAYCLIENT; start it again without")
        } else if client != nil, path != "/etc/hosts.allow" {
            removeFromRules(setting, at: path, client: client)
        } else if current.isXinetd(path) || path == "/etc/inetd.conf" {
            guard let line = setting.place.line, let word = setting.place.culprit else { return }
            edit(path, touching: "RELAYCLIENT") { $0.remove(word: word, fromLine: line) }
        } else if path == "/etc/hosts.allow" {
            guard let line = setting.place.line else { return }
            edit(path, touching: "RELAYCLIENT") {
                $0.removeOption("setenv", naming: "RELAYCLIENT", fromLine: line)
            }
        } else if path.hasSuffix("/run") {
            guard let line = setting.place.line else { return }
            edit(path, touching: "RELAYCLIENT") { $0.removeAssignment("RELAYCLIENT", fromLine: line) }
        } else {
            // An empty file takes the variable away (envdir(8)).
            write([], to: path, touching: "RELAYCLIENT")
        }
    }

    private mutating func removeFromRules(
        _ setting: MailService.Setting, at path: String, client: RuleClient?
    ) {
        let compiled = path.hasSuffix(".cdb") ? path : path + ".cdb"
        if !path.hasSuffix(".cdb"), let line = setting.place.line {
            edit(path, touching: client.map { "rule \($0.text)" } ?? "rule") {
                $0.removeRuleSetting("RELAYCLIENT", fromLine: line)
            }
        }
        guard let bytes = current.files[compiled]?.bytes else { return }
        // The source is compiled where it is what counts; else the compiled rules alone are mended.
        if !path.hasSuffix(".cdb") {
            outdatedRules.insert(compiled)
        } else if let records = try? ConstantDatabase.records(bytes) {
            let mended = records.map { record -> ConstantDatabase.Record in
                guard client?.members.contains(record.key.text) == true else { return record }
                let parts = record.data.split(separator: 0).filter {
                    !$0.starts(with: Array("+RELAYCLIENT=".utf8))
                }
                return .init(key: record.key, data: parts.flatMap { Array($0) + [0] })
            }
            write(ConstantDatabase.bytes(mended), to: compiled, touching: "compiled rules")
        }
    }
}

extension QmailConfiguration.RunningServer {
    fileprivate var environmentPath: String { "\(QmailConfiguration.processes)\(processID)/environ" }
}

extension QmailConfiguration.Starter {
    fileprivate var environmentPath: String { "\(QmailConfiguration.processes)\(processID)/environ" }
    var isSuperserver: Bool { ["xinetd", "inetd"].contains(name) }
}
