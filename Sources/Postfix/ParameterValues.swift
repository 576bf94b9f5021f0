/// What a parameter really is for one service: its overrides, `main.cf`, and the built-in defaults, with
/// every `$name` and `${…}` expanded (postconf(5), "postconf -x" and "postconf -P").
///
/// Values are worked out when they are asked for, since Postfix expands lazily, and kept.
package final class ParameterValues {
    package let main: MainCF
    package let master: MasterCF
    /// The service whose overrides apply; `nil` for `main.cf` alone.
    package let service: Int?
    package let version: PostfixVersion
    /// Whether all processes of the service are busy, which master(8) says by `stress` (STRESS_README).
    private let isUnderLoad: Bool
    private let defaults: ParameterDefaults
    private var cache: [String: EffectiveValue] = [:]
    private var switches: [String: Bool] = [:]
    /// Guards `myhostname` and `mydomain`, whose defaults are made from one another.
    private var isDerivingName = false

    /// - Parameter hostName: the kernel's host name, the default of `myhostname`.
    package init(
        main: MainCF, master: MasterCF, service: Int? = nil, version: PostfixVersion, hostName: String?,
        isUnderLoad: Bool = false
    ) {
        self.isUnderLoad = isUnderLoad
        self.main = main
        self.master = master
        self.service = service
        self.version = version
        defaults = ParameterDefaults(version: version, hostName: hostName)
    }

    /// The effective value, expanded.
    package func value(of name: String) -> EffectiveValue {
        if let known = cache[name] { return known }
        var expansion = Expansion(values: self)
        let origin = origin(of: name)
        let raw = rawValue(of: name, from: origin)
        var text = SourcedText()
        if let raw { expansion.expand(raw, into: &text) }
        let value = EffectiveValue(
            text: trimmed(text), origin: origin, isDefined: raw != nil, fault: expansion.fault)
        cache[name] = value
        return value
    }

    package func text(of name: String) -> String { value(of: name).text.text }

    /// Whether a yes/no parameter is `yes`.
    package func isOn(_ name: String) -> Bool {
        if let known = switches[name] { return known }
        let isOn = text(of: name).folded == "yes"
        switches[name] = isOn
        return isOn
    }

    /// Whether defaults are those before a compatibility level; they always are where the release knows of none.
    package func isBelowLevel(_ level: String) -> Bool {
        var expansion = Expansion(values: self)
        var text = SourcedText()
        expansion.expand(
            SourcedText(defaults.byLevel(level, "yes", "no").bytes, origin: .builtIn("")), into: &text)
        return text.text == "yes"
    }

    /// Where the definition that counts stands.
    package func origin(of name: String) -> TextOrigin? {
        // Nothing that is written changes this one: a daemon has it from master(8).
        if service != nil, name == "service_name" { return .builtIn(name) }
        if let service, let index = master.services[service].overrides.lastIndex(where: { $0.name == name }) {
            return .override(service: service, override: index)
        }
        if isUnderLoad, name == Self.load { return .builtIn(name) }
        if let index = main.effectiveIndex(of: name) { return .main(index) }
        return defaultValue(of: name) != nil ? .builtIn(name) : nil
    }

    /// The value before expansion; `nil` when neither the files nor Postfix know the name.
    package func rawValue(of name: String) -> SourcedText? { rawValue(of: name, from: origin(of: name)) }

    private func rawValue(of name: String, from origin: TextOrigin?) -> SourcedText? {
        switch origin {
        case .override(let service, let index):
            let service = master.services[service]
            return SourcedText(
                service.value(of: service.overrides[index]),
                origin: .override(service: self.service ?? 0, override: index))
        case .main(let index): return SourcedText(main.definitions[index].value, origin: .main(index))
        case .builtIn:
            return defaultValue(of: name).map { SourcedText($0.bytes, origin: .builtIn(name)) }
        case nil: return nil
        }
    }

    /// Whether Postfix itself knows the parameter.
    package func hasDefault(_ name: String) -> Bool { defaultValue(of: name) != nil }

    /// The item of a parameter's unexpanded value that is a reference to another parameter and nothing else.
    package func reference(to name: String, in parameter: String) -> ListItem? {
        rawValue(of: parameter).flatMap { raw in
            listItems(of: raw).first { ["$\(name)", "${\(name)}", "$(\(name))"].contains($0.text) }
        }
    }

    private func defaultValue(of name: String) -> String? {
        // A host name without a dot gets the domain; a domain is what follows the host name's first dot.
        if name == "mydomain", !isDerivingName, isWritten("myhostname") {
            isDerivingName = true
            defer { isDerivingName = false }
            let host = text(of: "myhostname")
            guard let dot = host.firstIndex(of: "."), host.index(after: dot) < host.endIndex else {
                return ParameterDefaults.localDomain
            }
            return String(host[host.index(after: dot)...])
        }
        if name == "myhostname", isWritten("mydomain") {
            let host = defaults.hostName ?? "localhost"
            return host.contains(".") ? host : "\(host).$mydomain"
        }
        if isUnderLoad, name == Self.load { return "yes" }
        // Every daemon has the name of its service and of its program in these (postconf(5)).
        if let service, name == "service_name" { return master.services[service].name }
        if let service, name == "process_name" { return master.services[service].command }
        return defaults.value(of: name)
    }

    private static let load = "stress"

    /// Whether the files say anything of it at all.
    package static func mayDependOnLoad(_ mainCF: [UInt8], _ masterCF: [UInt8]) -> Bool {
        let name = load.bytes
        return mainCF.holds(name) || masterCF.holds(name)
    }

    /// Whether a service that has as many processes as it may has other parameters then.
    package static func dependOnLoad(_ calm: ParameterValues, _ busy: ParameterValues) -> Bool {
        let overrides = calm.service.map { calm.master.services[$0].overrides.map(\.name) } ?? []
        return (calm.main.definitions.map(\.name) + overrides).contains {
            calm.value(of: $0).text.bytes != busy.value(of: $0).text.bytes
        }
    }

    private func isWritten(_ name: String) -> Bool {
        if main.effectiveIndex(of: name) != nil { return true }
        return service.map { master.services[$0].override(name) != nil } ?? false
    }

    private func trimmed(_ text: SourcedText) -> SourcedText {
        let inner = text.bytes[...].trimmingSpace()
        guard inner.count < text.bytes.count else { return text }
        return text.slice(inner.startIndex..<inner.endIndex)
    }
}

/// A parameter's value after expansion.
package struct EffectiveValue: Hashable, Sendable {
    package var text: SourcedText
    /// Where the definition that counts stands; `nil` when there is none and no default either.
    package var origin: TextOrigin?
    package var isDefined: Bool
    /// Why Postfix would stop with a fatal error at this value.
    package var fault: String?

    package var items: [ListItem] { listItems(of: text) }
}
