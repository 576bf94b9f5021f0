import MailModel
import Postfix

extension Mender {
    static let gate = "reject_unauth_destination"

    /// A white list that also refuses, or that stands before spam checks, keeps its place behind the rejection, so
    /// that whom it lists may go on writing to this host; one that only lets relay goes.
    mutating func guardOrRemove(_ restriction: Restriction, _ server: SMTPServer) {
        guard let item = restriction.items.first else { return }
        let parameter = server.parameter(of: item) ?? ""
        let isRelayList = parameter == Stage.relay.rawValue
        let isStage = Stage(rawValue: parameter) != nil
        let vouched = vouchedLookup(restriction, server)
        let list = server.lists[Stage(rawValue: parameter) ?? .relay] ?? []
        let position = list.firstIndex(of: restriction) ?? 0
        let refusesToo = list[position...].contains { mayRefuseHostedMail($0, server) }
        if !isStage || (isRelayList && !refusesToo) {
            return remove(restriction, server, remainder: vouched)
        }
        let text = (vouched.map { $0 + ", " } ?? "") + guardText(list, from: position, server)
        if !insert(text, before: item, server) {
            remove(restriction, server)
        }
    }

    /// What must stand before the rejection so that it stops nobody who may relay.
    private func guardText(_ list: [Restriction], from position: Int, _ server: SMTPServer) -> String {
        let before = list[..<position].map(\.kind)
        let after = list[position...].map(\.kind)
        var words: [String] = []
        if !before.contains(.permitMynetworks), after.contains(.permitMynetworks) {
            words.append("permit_mynetworks")
        }
        if server.offersLogin, !before.contains(.permitLogin) { words.append("permit_sasl_authenticated") }
        let certificates = Restriction.Kind.permitCertificate(verified: false)
        if !before.contains(certificates), after.contains(certificates) {
            words.append("permit_tls_clientcerts")
        }
        return (words + [Self.gate]).joined(separator: ", ") + ", "
    }

    /// Whether it refuses mail for this host because of who sends it.
    private func mayRefuseHostedMail(_ restriction: Restriction, _ server: SMTPServer) -> Bool {
        switch restriction.kind {
        case .access: refuses(restriction, server)
        case .rejectDestination, .checkRelayDomains, .rejectUnlistedRecipient, .rejectUnqualified(.recipient):
            false
        default: restriction.name.folded.hasPrefix("reject_")
        }
    }

    private func refuses(_ restriction: Restriction, _ server: SMTPServer) -> Bool {
        guard case .access(_, let name) = restriction.kind else { return false }
        var seen: Set<String> = []
        return host.tables.table(name).leaves.lazy.flatMap(\.entries).contains { entry in
            guard seen.insert(entry.value).inserted else { return false }
            if case .reject = server.action(of: entry.value) { return true }
            return false
        }
    }

    mutating func replacePermit(_ blame: Blame, _ server: SMTPServer) {
        guard let item = blame.item, let range = host.quoting.place(of: item).range else {
            return guardFromTheStart(server)
        }
        let file = host.quoting.place(of: item).file
        let text = gateText(replacing: item, blame.parameter, server)
        add(TextEdit(range, text), file, touches: title(file, blame.parameter, server.service))
    }

    /// What stands where a `permit` stood: whoever may relay, then the rejection.
    private func gateText(replacing item: ListItem, _ parameter: String, _ server: SMTPServer) -> String {
        let list = Stage(rawValue: parameter).flatMap { server.lists[$0] } ?? []
        let before = list.prefix { $0.items.first != item }.map(\.kind)
        var words: [String] = []
        if !before.contains(.permitMynetworks), !isPlainOverride(item) { words.append("permit_mynetworks") }
        if server.offersLogin, !before.contains(.permitLogin) { words.append("permit_sasl_authenticated") }
        let text = (words + [Self.gate]).joined(separator: ", ")
        return isPlainOverride(item) ? text.withoutSpaces : text
    }

    mutating func removeWarning(_ blame: Blame, _ server: SMTPServer) {
        guard let item = blame.item else { return }
        let items = listItems(of: item.list)
        guard let position = items.firstIndex(of: item),
            let warning = items[..<position].last(where: { $0.text.folded == "warn_if_reject" })
        else { return guardFromTheStart(server) }
        var place = host.quoting.place(of: warning)
        // The word goes with the white space behind it, but never with a comma before it.
        if let range = place.range,
            let next = host.quoting.place(of: items[min(position, items.count - 1)]).range,
            place.line == host.quoting.place(of: item).line, range.upperBound <= next.lowerBound,
            items.firstIndex(of: warning) == position - 1
        {
            place.range = range.lowerBound..<next.lowerBound
            add(
                TextEdit(range.lowerBound..<next.lowerBound, ""), place.file,
                touches: title(place.file, blame.parameter, server.service))
            return
        }
        remove(place, blame.parameter, server)
    }

    /// Gives a list that lets everything through an end that does not.
    mutating func appendReject(_ parameter: String, _ server: SMTPServer) {
        let value = server.values.value(of: parameter)
        let isOverride = if case .override? = value.origin { true } else { false }
        let login = server.offersLogin ? "permit_sasl_authenticated, " : ""
        guard let last = value.items.last, let range = host.quoting.place(of: last).range else {
            let end = isOverride && server.offersLogin ? "reject" : Self.gate
            let networks = isOverride && server.offersLogin ? "" : "permit_mynetworks, "
            return set(parameter, to: networks + login + end, for: server)
        }
        let hasLogin = (Stage(rawValue: parameter).flatMap { server.lists[$0] } ?? []).contains {
            $0.kind == .permitLogin
        }
        let text = ", " + (hasLogin ? "" : login) + Self.gate
        let place = host.quoting.place(of: last)
        add(
            TextEdit(insert: isPlainOverride(last) ? text.filter { $0 != " " } : text, at: range.upperBound),
            place.file,
            touches: title(place.file, parameter, server.service))
    }

    /// Puts the whole rejection before everything else in the list that decides.
    mutating func guardFromTheStart(_ server: SMTPServer) {
        let stage: Stage = server.stages.contains(.relay) ? .relay : .recipient
        let list = server.lists[stage] ?? []
        let login = server.offersLogin ? "permit_sasl_authenticated, " : ""
        let text = "permit_mynetworks, \(login)\(Self.gate)"
        guard let first = list.first?.items.first, insert(text + ", ", before: first, server) else {
            return set(stage.rawValue, to: text, for: server)
        }
    }

    // MARK: services that would not run

    mutating func mend(
        _ fault: (why: String, place: Place?), _ judgement: ListenerJudgement, _ server: SMTPServer
    ) {
        let service = host.master.services[judgement.listener.service]
        if let stray = service.strays.first { return join(stray, in: service) }
        let lists = server.stages.flatMap { server.lists[$0] ?? [] }
        let unknown = lists.filter { if case .unknown = $0.kind { true } else { false } }
        if !unknown.isEmpty { return correct(unknown, server) }
        if let place = fault.place, place.range != nil, let list = list(with: place, server) {
            return remove(place, list, server)
        }
        if fault.why.hasPrefix("specify at least one working instance") {
            return mendGates(server, port: judgement.listener.port)
        }
        note(
            "\(fault.place.map { "\(host.quoting.name(of: $0.file)):\($0.line ?? 0)" } ?? "main.cf") keeps port "
                + "\(judgement.listener.port) from serving (\(fault.why)); what was meant cannot be told, so correct it by hand."
        )
    }

    /// The list of clients or domains that an item stands in.
    private func list(with place: Place, _ server: SMTPServer) -> String? {
        let clients = [("mynetworks", server.mynetworks?.patterns ?? [])]
        let domains = server.resolver.lists.map { ($0.list.parameter, $0.list.patterns) }
        return (clients + domains).first { $0.1.contains { $0.place == place } }?.0
    }

    /// A list that smtpd calls harmless at best: a `permit` before its rejection, or no rejection at all.
    private mutating func mendGates(_ server: SMTPServer, port: Int) {
        let stage: Stage = server.stages.contains(.relay) ? .relay : .recipient
        let list = server.lists[stage] ?? []
        guard let permit = list.first(where: { $0.kind == .permit }), let item = permit.items.first else {
            return appendReject(stage.rawValue, server)
        }
        let place = host.quoting.place(of: item)
        guard let range = place.range else { return guardFromTheStart(server) }
        let gates = list.filter(\.kind.isGate)
        let text = gateText(replacing: item, stage.rawValue, server)
        // A plain rejection behind the permit was never reached: without the permit it would refuse mail for this host.
        // What stands in main.cf is the list of port 25 as well.
        if port == 25 || place.file == .main, !gates.isEmpty, gates.allSatisfy({ $0.kind == .reject }) {
            _ = insert(text + ", ", before: item, server)
            return
        }
        if !gates.isEmpty { return remove(permit, server) }
        add(TextEdit(range, text), place.file, touches: title(place.file, stage.rawValue, server.service))
    }

    /// White space behind a comma cuts an override in two: what follows is put back.
    private mutating func join(_ stray: MasterCF.Argument, in service: MasterCF.Service) {
        let line = service.line
        var start = stray.range.lowerBound
        while start > 0, line.bytes[start - 1].isSpace { start -= 1 }
        let isCut = start > 0 && line.bytes[start - 1] == UInt8(ascii: ",")
        let range = isCut ? start..<stray.range.lowerBound : start..<stray.range.upperBound
        for part in line.places(of: range) {
            add(TextEdit(part.range, ""), .master, touches: "\(service.title) arguments")
        }
    }

    /// Names that Postfix does not know: the nearest that it does, or nothing.
    private mutating func correct(_ restrictions: [Restriction], _ server: SMTPServer) {
        for restriction in restrictions {
            guard let item = restriction.items.first, let range = host.quoting.place(of: item).range else {
                continue
            }
            let place = host.quoting.place(of: item)
            let parameter = server.parameter(of: item) ?? ""
            if let meant = RestrictionParser.nearestName(to: item.text) {
                add(TextEdit(range, meant), place.file, touches: title(place.file, parameter, server.service))
            } else {
                note("\(item.text) in \(parameter) is no restriction that Postfix knows; it is taken out.")
                remove(restriction, server)
            }
        }
    }

    // MARK: logins

    /// Lets whoever is logged in relay again where the rejection would now stop them.
    mutating func keepLogins(on services: Set<Int>) {
        for service in services.sorted() where ["smtpd"].contains(host.master.services[service].command) {
            let server = SMTPServer(host, service: service)
            guard server.offersLogin, server.startupFault == nil, let address = server.ordinaryAddress(.v4)
            else { continue }
            var session = Stranger.session(from: address, usingTLS: server.offersTLS)
            session.isLoggedIn = true
            guard case .refused(let stage?, let rejection) = server.judge(session),
                stage == .relay || stage == .recipient
            else { continue }
            if case .configuration = rejection { continue }
            let list = server.lists[stage] ?? []
            guard
                let gate = list.first(where: { $0.kind.isGate })?.items.first,
                !list.contains(where: { $0.kind == .permitLogin })
            else { continue }
            _ = insert("permit_sasl_authenticated, ", before: gate, server)
        }
    }
}

extension Mender {
    /// Takes mail for this host again where what stopped only foreign recipients is gone from before a plain
    /// rejection, or where that rejection was for all but clients whose network was trusted.
    mutating func keepHostedMail(on services: Set<Int>) {
        for judgement in explanation.judgements
        where services.contains(judgement.listener.service) && !judgement.takesHostedMail {
            let server = SMTPServer(host, service: judgement.listener.service)
            guard let family = judgement.listener.reachableFamilies.first,
                let address = server.ordinaryAddress(family),
                case .refused(let stage?, _) = server.judge(server.hostedSession(from: address)),
                server.knowsRecipient(at: stage)
            else { continue }
            let list = server.lists[stage] ?? []
            guard let gate = list.first(where: { $0.kind == .reject })?.items.first,
                !list.contains(where: { $0.kind == .permitDestination })
            else { continue }
            let isEarly = stage != .relay && stage != .recipient
            let hasLogin = list.contains { $0.kind == .permitLogin }
            let login = isEarly && server.offersLogin && !hasLogin ? "permit_sasl_authenticated, " : ""
            _ = insert(login + "permit_auth_destination, ", before: gate, server)
        }
    }
}

extension RestrictionParser {
    /// The restriction that was meant by a name that Postfix does not know, where that is plain.
    static func nearestName(to text: String) -> String? {
        let candidates = names.map { ($0, editDistance($0, text.folded)) }.filter { $0.1 <= 2 }
        return candidates.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }
}

/// How many letters must be put in, taken out, changed or swapped to make one text the other.
func editDistance(_ first: String, _ second: String) -> Int {
    let left = Array(first.utf8)
    let right = Array(second.utf8)
    guard abs(left.count - right.count) <= 2 else { return 3 }
    var previous = Array(0...right.count)
    for (row, byte) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            current.append(
                min(previous[column + 1] + 1, current[column] + 1, previous[column] + (byte == other ? 0 : 1))
            )
        }
        previous = current
    }
    return previous[right.count]
}
