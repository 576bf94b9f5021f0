import MailModel
import Postfix

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
    var screen: Screen? { didSet { ordinaryAddresses = [:] } }
    /// Findings that count as closed already, while others are looked for.
    var closed: Set<BlameIdentity> = []
    /// As long as nothing counts as closed.
    var ordinaryAddresses: [ServiceListener.Family: IPAddress] = [:]
    var actions: [String: AccessAction] = [:]
    /// Those whom `mynetworks` lets in, whatever is taken as closed.
    private(set) lazy var networkTraits = makeNetworkTraits()
    private(set) lazy var areSamplesStopped = makeAreSamplesStopped()
    /// Whether a client can use TLS.
    private(set) lazy var offersTLS = makeOffersTLS()
    /// The tables of clients that the lists and their classes consult.
    private(set) lazy var clientTables = makeClientTables()
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
