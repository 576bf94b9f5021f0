internal import MailModel
internal import SMTPCore

/// The addresses from which one endpoint can be asked: those of its own family.
struct Sources: Sendable {
    private let own: IPAddress?
    private let networks: [SourceNetwork: IPAddress]

    init(_ request: ProbeRequest, toward server: IPAddress) {
        own = request.sources.first { $0.width == server.width }
        networks = Dictionary(
            request.networks.filter { $0.address.width == server.width }.map { ($0.network, $0.address) },
            uniquingKeysWith: { first, _ in first })
    }

    /// - Returns: `nil` to let the kernel choose.
    func address(for approach: RelayTest.Approach) -> IPAddress? {
        if case .source(let network) = approach { networks[network] } else { own }
    }
}
