import MailModel
import Postfix

/// What all services of one host have in common.
final class Host {
    let configuration: PostfixConfiguration
    let main: MainCF
    let master: MasterCF
    let version: PostfixVersion
    let quoting: Quoting
    let tables: TableStore
    /// Networks that an administrator vouched for.
    let trusted: [IPNetwork]
    let deferred: DeferredMail
    /// What put a message on hold while the host was judged.
    private(set) var holds: [Hold] = []

    /// Texts that the rules of several tables let in together, for every smtpd that asks the same tables.
    var witnesses: [WitnessKey: (texts: [String], isComplete: Bool)] = [:]

    struct WitnessKey: Hashable {
        var subject: Restriction.Subject
        var shape: String
        var tables: [String]
        var excluded: [String]
        var matchesParents: Bool
    }

    /// An item of a list, whose table says HOLD.
    struct Hold: Hashable {
        var parameter: String
        var place: Place
    }

    init(_ configuration: PostfixConfiguration, trusted: [IPNetwork], deferred: DeferredMail = .stays) {
        self.configuration = configuration
        self.trusted = trusted
        self.deferred = deferred
        main = MainCF(configuration.mainCF.bytes)
        master = MasterCF(configuration.masterCF.bytes)
        version = configuration.version.flatMap(PostfixVersion.init) ?? .measured
        quoting = Quoting(configuration: configuration, main: main, master: master)
        tables = TableStore(configuration, version: version)
    }

    /// The parameters of one of Postfix's own daemons, such as `rewrite`: overrides of an smtpd are not for it.
    func values(ofDaemon name: String) -> ParameterValues {
        values(ofService: transportService(name) ?? publicService(name))
    }

    /// The service of `master.cf` that stands behind a name, where master(8) starts it.
    func transportService(_ name: String) -> Int? { service(name, isPrivate: true) }

    /// The same of one that other programs than Postfix's own daemons may ask, and that is looked for among those.
    func publicService(_ name: String) -> Int? { service(name, isPrivate: false) }

    private func service(_ name: String, isPrivate: Bool) -> Int? {
        master.services.lastIndex {
            $0.type != "inet" && $0.name == name && $0.isPrivate == isPrivate && !isDisabled($0)
        }
    }

    /// - Parameter isUnderLoad: whether as many processes of it are at work as there may be.
    func values(ofService service: Int?, isUnderLoad: Bool = false) -> ParameterValues {
        ParameterValues(
            main: main, master: master, service: service, version: version, hostName: configuration.hostName,
            isUnderLoad: isUnderLoad)
    }

    /// The clients of a list; most services have the same ones.
    func clients(of value: EffectiveValue, matchesParents: Bool) -> ClientList {
        let key = ListKey(value: value.text, matchesParents: matchesParents)
        if let known = clientLists[key] { return known }
        let list = ClientList(listParser.parse(value), matchesParents: matchesParents)
        clientLists[key] = list
        return list
    }

    private struct ListKey: Hashable {
        var value: SourcedText
        var matchesParents: Bool
    }

    private var clientLists: [ListKey: ClientList] = [:]

    /// Why no program of Postfix would start at all.
    private(set) lazy var fatalFault = makeFatalFault()

    /// Why qmgr(8) does not start, so that all that is taken stays in the queue.
    private(set) lazy var queueFault = makeQueueFault()
    /// Why the program behind a transport does not start, or qmgr(8) does not get at it, by the transport's name.
    var transportFaults: [String: Fault?] = [:]

    typealias Fault = (why: String, place: Place)

    /// Whether a table parts clients by the text of their addresses.
    private(set) lazy var hasPatterns = configuration.tables.keys.contains {
        ["regexp", "pcre"].contains(TableName($0)?.type)
    }

    /// What the lists and the tables name, as far as they are not too long to be looked at for each network.
    private(set) lazy var gaps: NetworkGaps = {
        let limit = 5000
        let listed = clientLists.values.flatMap { list in
            list.patterns.indices.prefix(limit).compactMap { list.network($0) }
        }
        let rows = configuration.tables.values.flatMap { table -> [IPNetwork] in
            guard case .entries(let entries, _) = table, entries.count <= limit else { return [] }
            return entries.compactMap { IPNetwork(octets: $0.key) ?? CIDRText($0.key).network }
        }
        return NetworkGaps(listed + rows + trusted)
    }()

    var listParser: ListParser { ListParser(configuration: configuration, quoting: quoting, tables: tables) }

    /// Whether what an item puts on hold counts as kept: a person, or a program such as MailScanner, may release it.
    func keeps(by item: ListItem, _ parameter: String?) -> Bool {
        let hold = Hold(parameter: parameter ?? "", place: quoting.place(of: item))
        if !holds.contains(hold) { holds.append(hold) }
        return deferred == .stays
    }

    /// Parameters that have mail wait for a host that is none, as met while the host was judged.
    private(set) var misdirections: Set<String> = []

    /// Whether mail counts as kept that waits until the parameter is corrected.
    func keeps(misdirectedBy parameter: String) -> Bool {
        misdirections.insert(parameter)
        return deferred == .stays
    }

    /// Whether the address can only be the host's own, or somebody's whom an administrator vouched for.
    func isTrusted(_ address: IPAddress) -> Bool {
        address.isLoopback || trusted.contains { $0.contains(address) } || boundAddresses.contains(address)
            || configuration.interfaces?.contains { $0.address == address } == true
    }

    /// The addresses that the configuration has Postfix listen on, which are the host's own on a copy as well.
    private(set) lazy var boundAddresses: Set<IPAddress> = {
        let services = master.services.filter { $0.type == "inet" && !isDisabled($0) }
        let bound = services.compactMap { ServiceEndpoint(serviceName: $0.name).host }
        return Set(
            (bound + values(ofService: nil).value(of: "inet_interfaces").items.map(\.text)).compactMap {
                IPAddress($0.filter { !"[]".contains($0) })
            }
        ).filter { !$0.isUnspecified }
    }()

    func isTrusted(_ network: IPNetwork) -> Bool {
        network.isLoopback || trusted.contains { $0.contains(network) }
            || (network.prefix == network.address.width && isTrusted(network.address))
    }
}

/// The restriction lists of smtpd in the order in which a message meets them.
enum Stage: String, CaseIterable {
    case client = "smtpd_client_restrictions"
    case helo = "smtpd_helo_restrictions"
    case sender = "smtpd_sender_restrictions"
    case relay = "smtpd_relay_restrictions"
    case recipient = "smtpd_recipient_restrictions"
    case data = "smtpd_data_restrictions"
    case endOfData = "smtpd_end_of_data_restrictions"
}

/// One smtpd of `master.cf` with its effective parameters, ready to be asked about sessions.
final class SMTPServer {
    let host: Host
    let service: Int
    let values: ParameterValues
    /// Those of trivial-rewrite(8), which decides where an address belongs and how it is delivered.
    let routing: ParameterValues
    /// Those of cleanup(8), which rewrites recipients.
    let rewriting: ParameterValues
    let stages: [Stage]
    let lists: [Stage: [Restriction]]
    let classes: [String: [Restriction]]
    let parser: RestrictionParser
    /// `nil` when `mynetworks` is not set and `mynetworks_style` decides.
    let mynetworks: ClientList?
    let resolver: Resolver
    let accessMatchesParents: Bool
    let delaysRejection: Bool
    let clientCertificates: [LookupTable]
    let senderLogins: [LookupTable]
    let relayRecipients: [LookupTable]
    let mailboxRecipients: [LookupTable]
    let commandFilters: [LookupTable]
    let allowsUntrustedRouting: Bool
    let asksForCertificate: Bool
    let looksUpNames: Bool
    let needs: ServerNeeds
    /// postscreen(8), where it stands in front.
    var screen: Screen?
    /// Findings that count as closed already, while others are looked for.
    var closed: Set<BlameIdentity> = []
    var actions: [String: AccessAction] = [:]
    /// Those whom `mynetworks` lets in, whatever is taken as closed.
    private(set) lazy var networkTraits = makeNetworkTraits()
    private(set) lazy var areSamplesStopped = makeAreSamplesStopped()
    /// What the owners of the domains that are named in the lists registered.
    private(set) lazy var declaredOwners = makeDeclaredOwners()
    var deliveries: [Route: Delivery] = [:]
    /// Whether the sender has a say in where mail goes.
    private(set) lazy var routesBySender = Self.senderMaps.contains { !routing.value(of: $0).text.isEmpty }
    /// `relay_domains` as smtpd itself reads it, for the names of clients.
    private(set) lazy var relayClients = DomainList(
        parameter: "relay_domains", host.listParser.parse(values.value(of: "relay_domains")),
        matching: values.value(of: "parent_domain_matches_subdomains").items.contains {
            $0.text.folded == "relay_domains"
        } ? .withSubdomains : .dotted)
    private(set) lazy var ignoredCommands = DomainList(
        parameter: "smtpd_noop_commands", host.listParser.parse(values.value(of: "smtpd_noop_commands")),
        matching: .exact)
    /// The keys that the name of an ordinary stranger is looked up by.
    var nameKeyCache: [String: [(String, KeyPart)]] = [:]
    /// Whether a table had more patterns than are tried.
    var hasUntriedPatterns = false
    /// Those tables, by name.
    var untriedTables: Set<String> = []

    init(_ host: Host, service: Int, isUnderLoad: Bool = false) {
        self.host = host
        self.service = service
        let values = host.values(ofService: service, isUnderLoad: isUnderLoad)
        self.values = values
        routing = host.values(ofDaemon: values.text(of: "rewrite_service_name"))
        rewriting = host.values(ofDaemon: values.text(of: "cleanup_service_name"))
        let classNames = values.value(of: "smtpd_restriction_classes").items.map(\.text)
        let parser = RestrictionParser(version: host.version, classes: Set(classNames), quoting: host.quoting)
        self.parser = parser
        classes = Dictionary(
            classNames.map { ($0, parser.parse(values.value(of: $0).items)) }, uniquingKeysWith: { $1 })
        lists = Dictionary(
            uniqueKeysWithValues: Stage.allCases.map {
                ($0, parser.parse(values.value(of: $0.rawValue).items))
            })
        stages = Self.order(values, version: host.version)
        let parents = Set(values.value(of: "parent_domain_matches_subdomains").items.map { $0.text.folded })
        let networks = values.value(of: "mynetworks")
        mynetworks =
            networks.isDefined
            ? host.clients(of: networks, matchesParents: parents.contains("mynetworks")) : nil
        accessMatchesParents = parents.contains("smtpd_access_maps")
        resolver = Self.resolver(of: host, routing)
        delaysRejection = values.isOn("smtpd_delay_reject")
        let tables = { (name: String) in values.value(of: name).items.map { host.tables.table($0.text) } }
        clientCertificates = tables("relay_clientcerts")
        senderLogins = tables("smtpd_sender_login_maps")
        relayRecipients = tables("relay_recipient_maps")
        mailboxRecipients = tables("virtual_mailbox_maps")
        commandFilters = tables("smtpd_command_filter")
        allowsUntrustedRouting = values.isOn("allow_untrusted_routing")
        looksUpNames = values.isOn("smtpd_peername_lookup")
        needs = ServerNeeds(values)
        // A certificate can only be required where TLS is.
        asksForCertificate =
            values.isOn("smtpd_tls_ask_ccert")
            || (values.isOn("smtpd_tls_req_ccert") && Self.requiresTLS(values))
    }

    static func resolver(of host: Host, _ values: ParameterValues) -> Resolver {
        Resolver(
            values: values, parser: host.listParser,
            ownAddresses: Set(host.configuration.interfaces?.map(\.address) ?? []))
    }

    private static func order(_ values: ParameterValues, version: PostfixVersion) -> [Stage] {
        guard version.includes(.relayRestrictions) else { return Stage.allCases.filter { $0 != .relay } }
        guard version.includes(.relayBeforeRecipient),
            values.isOn("smtpd_relay_before_recipient_restrictions")
        else {
            return [.client, .helo, .sender, .recipient, .relay, .data, .endOfData]
        }
        return Stage.allCases
    }

    /// Whether logged-in clients exist here.
    var offersLogin: Bool { values.isOn("smtpd_sasl_auth_enable") }

    var given: ListAssumptions { given(trusting: []) }

    func given(trusting names: Set<String>) -> ListAssumptions {
        if closed.isEmpty, names.isEmpty { return .none }
        return ListAssumptions(skips: isClosed, trusts: names.contains)
    }

    /// Whether what a list pattern says counts as closed already.
    func isClosed(_ pattern: ListPattern, _ entry: Int?) -> Bool {
        guard !closed.isEmpty else { return false }
        return closed.contains { identity in
            if let entry, let blamed = identity.entry {
                return blamed == entry && isTable(pattern, ofSource: identity.place.file)
            }
            return identity.place == pattern.place
        }
    }

    private func isTable(_ pattern: ListPattern, ofSource file: ConfigurationFile) -> Bool {
        guard case .table(let table) = pattern.content, let source = table.source else { return true }
        return file == .table(source)
    }
}
