import MailModel
import Postfix

/// Turns the findings of one judgement into edits.
struct Mender {
    struct Edit {
        var edit: TextEdit
        /// In the file's own terms: `mynetworks`, `submission/inet smtpd_relay_restrictions`.
        var touches: String
    }

    let explanation: Explanation
    let host: Host
    /// Whether the plain remedies did not help, so that the lists are guarded from their beginning.
    let isThorough: Bool
    /// Services that were changed already: what that brought up is mended as well.
    let changedServices: Set<Int>
    /// Who was said to be shut out already.
    let said: Set<String>
    private(set) var edits: [ConfigurationFile: [Edit]] = [:]
    private(set) var notes: [String] = []
    private(set) var services: Set<Int> = []
    /// Who may be legitimate and relays no longer.
    var shutOut: [ShutOut: [String]] = [:]

    /// For each service, the first guilty item of a `mynetworks` of which nothing stays; `nil` where something does.
    var lastGuilty: [Int: Place?] = [:]

    enum ShutOut { case clients, others }

    init(
        _ explanation: Explanation, isThorough: Bool = false, changedServices: Set<Int> = [],
        said: Set<String> = []
    ) {
        self.explanation = explanation
        self.isThorough = isThorough
        self.changedServices = changedServices
        self.said = said
        host = explanation.host
    }

    mutating func mend() {
        if let fatal = explanation.fatal {
            let place = fatal.place
            notes.append(
                "\(host.quoting.name(of: place.file)):\(place.line ?? 0) keeps Postfix from starting "
                    + "(\(fatal.why)); what was meant cannot be told, so correct it by hand.")
            return
        }
        let isBroken = explanation.verdict == .broken
        for judgement in explanation.judgements {
            let findings = judgement.findings.filter { !$0.isUncertain }
            // A server that runs and refuses everybody closes no relay by being mended; what was meant by it is its
            // administrator's to say.
            let isDead = !judgement.starts || changedServices.contains(judgement.listener.service)
            let fault = isBroken && isDead ? judgement.fault : nil
            guard !findings.isEmpty || fault != nil else { continue }
            services.insert(judgement.listener.service)
            let server = SMTPServer(host, service: judgement.listener.service)
            for finding in findings { mend(finding, judgement, server) }
            if let fault { mend(fault, judgement, server) }
        }
        explainWhoIsShutOut()
    }

    // MARK: edits

    mutating func add(_ edit: TextEdit, _ file: ConfigurationFile, touches: String) {
        edits[file, default: []].append(Edit(edit: edit, touches: touches))
    }

    /// What an edit to a place touches, in the file's own terms.
    func title(_ file: ConfigurationFile, _ parameter: String, _ service: Int) -> String {
        switch file {
        case .master: "\(host.master.services[service].title) \(parameter)"
        case .included(let path): path
        default: parameter
        }
    }

    /// The definition of a parameter that counts for a service, given a new value.
    mutating func set(
        _ parameter: String, to value: String, for server: SMTPServer, values: ParameterValues? = nil
    ) {
        switch (values ?? server.values).origin(of: parameter) {
        case .override(let service, let index)?:
            let service = host.master.services[service]
            let override = service.overrides[index]
            let text = override.quoting == .plain ? value.withoutSpaces : value
            for edit in host.master.setting(override, of: service, to: text) {
                add(edit, .master, touches: "\(service.title) \(parameter)")
            }
        default:
            for edit in host.main.setting(parameter, to: value) { add(edit, .main, touches: parameter) }
        }
    }

    /// Takes an override away, so that what `main.cf` says counts again.
    mutating func removeOverride(_ service: Int, _ index: Int) {
        let service = host.master.services[service]
        for edit in host.master.removing(service.overrides[index], of: service) {
            add(edit, .master, touches: "\(service.title) \(service.overrides[index].name)")
        }
    }

    /// Takes an item out of the list it stands in; a list of which nothing is left gets `remainder`.
    mutating func remove(_ place: Place, _ parameter: String, _ server: SMTPServer, remainder: String? = nil)
    {
        guard let range = place.range, let bytes = host.quoting.bytes(of: place.file) else {
            return set(parameter, to: remainder ?? "", for: server)
        }
        if let remainder {
            return add(
                TextEdit(range, place.file == .master ? remainder.withoutSpaces : remainder), place.file,
                touches: title(place.file, parameter, server.service))
        }
        if place.file == .master, let (service, index) = soleItem(at: range) {
            return removeOverride(service, index)
        }
        let edit =
            place.file == .master ? removalInOverride(range, bytes) : removal(ofListItem: range, in: bytes)
        add(edit, place.file, touches: title(place.file, parameter, server.service))
    }

    /// The override whose whole value is the range.
    private func soleItem(at range: Range<Int>) -> (Int, Int)? {
        for (position, service) in host.master.services.enumerated() {
            for (index, override) in service.overrides.enumerated() {
                let parts = service.line.places(of: override.valueRange)
                if parts.count == 1, parts[0].range == range { return (position, index) }
            }
        }
        return nil
    }

    /// In an override, separators must not become the white space that would end it.
    private func removalInOverride(_ range: Range<Int>, _ bytes: [UInt8]) -> TextEdit {
        let comma = UInt8(ascii: ",")
        if range.upperBound < bytes.count, bytes[range.upperBound] == comma {
            return TextEdit(range.lowerBound..<range.upperBound + 1, "")
        }
        if range.lowerBound > 0, bytes[range.lowerBound - 1] == comma {
            return TextEdit(range.lowerBound - 1..<range.upperBound, "")
        }
        return TextEdit(range, "")
    }

    /// Takes a restriction with its arguments out of its list.
    mutating func remove(_ restriction: Restriction, _ server: SMTPServer, remainder: String? = nil) {
        let places = restriction.items.map(host.quoting.place)
        guard let first = places.first, let last = places.last else { return }
        let parameter = restriction.items.first.flatMap(server.parameter) ?? ""
        if let start = first.range, let end = last.range, first.file == last.file, first.line == last.line,
            start.lowerBound <= end.lowerBound
        {
            var whole = first
            whole.range = start.lowerBound..<end.upperBound
            // A restriction class must not be empty.
            let isOnlyOne = server.classes[parameter]?.count == 1
            return remove(
                whole, parameter, server,
                remainder: remainder ?? (isOnlyOne ? "permit_auth_destination" : nil))
        }
        for place in places.dropLast() { remove(place, parameter, server) }
        remove(last, parameter, server, remainder: remainder)
    }

    /// Puts text before a list item.
    mutating func insert(_ text: String, before item: ListItem, _ server: SMTPServer) -> Bool {
        let place = host.quoting.place(of: item)
        guard let range = place.range else { return false }
        let inserted = isPlainOverride(item) ? text.withoutSpaces : text
        add(
            TextEdit(insert: inserted, at: range.lowerBound), place.file,
            touches: title(place.file, server.parameter(of: item) ?? "", server.service))
        return true
    }

    func isPlainOverride(_ item: ListItem) -> Bool {
        guard case .override(let service, let index)? = item.list.firstPlace(of: item.range)?.origin else {
            return false
        }
        return host.master.services[service].overrides[index].quoting == .plain
    }

    mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
}

extension String {
    /// For a value in `master.cf`, where white space would end it: `a, b` becomes `a,b`.
    var withoutSpaces: String {
        split { $0 == " " || $0 == "," }.joined(separator: ",") + (last == " " || last == "," ? "," : "")
    }
}
