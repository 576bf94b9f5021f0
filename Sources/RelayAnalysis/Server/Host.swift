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
        let place = service.map { $0 + 1 } ?? 0
        if !isUnderLoad, let known = calmValues[place] { return known }
        let values = ParameterValues(
            main: main, master: master, service: service, version: version, hostName: configuration.hostName,
            isUnderLoad: isUnderLoad)
        if !isUnderLoad { calmValues[place] = values }
        return values
    }

    /// Those of no service in particular, then those of each: they keep what they have expanded.
    private lazy var calmValues = [ParameterValues?](repeating: nil, count: master.services.count + 1)

    /// The clients of a list; most services have the same ones.
    func clients(of value: EffectiveValue, matchesParents: Bool) -> ClientList {
        if let known = clientLists.first(where: {
            $0.value == value.text && $0.matchesParents == matchesParents
        }) {
            return known.list
        }
        let list = ClientList(listParser.parse(value), matchesParents: matchesParents)
        clientLists.append((value.text, matchesParents, list))
        return list
    }

    private var clientLists: [(value: SourcedText, matchesParents: Bool, list: ClientList)] = []

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
        let listed = clientLists.map(\.list).flatMap { list in
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
        isOwn(address) || trusted.contains { $0.contains(address) }
    }

    func isOwn(_ address: IPAddress) -> Bool {
        address.isLoopback || boundAddresses.contains(address)
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
