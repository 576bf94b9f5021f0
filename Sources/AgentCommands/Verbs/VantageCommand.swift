import ArgumentParser
import HostIO
import MailModel
import Observation
import Serving
import Vantages

struct VantageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vantage", abstract: "Serve probes to other hosts.",
        subcommands: [VantageServeCommand.self])
}

struct VantageServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Probe the hosts that ask, and nobody else.",
        discussion: """
            Waits on HTTPS for other hosts with this program and the token, and probes
            them. It probes the address that asks, or one on which the asker answers a
            challenge (TCP port 8025); nothing else, so it is no scanner. Where it can
            listen on port 25, relayed messages are caught there; it takes mail for
            tokens that are being waited for, and keeps none.

            GET /healthz says ok, GET /metrics counts for Prometheus. Nothing is kept
            between requests.

            EXAMPLES:
              openssl rand -hex 32 >/etc/agent/served.tokens
              agent vantage serve --certificate chain.pem --key key.pem \\
                --token-file /etc/agent/served.tokens
              agent probe --from https://vantage.example:8443 --token-file FILE

            EXIT STATUS:
              0   ended by SIGTERM or SIGINT
              1   it cannot listen there
              10  others may read the tokens, or could have written them
              64  usage
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Listen here.", valueName: "address:port"))
    var listen = "[::]:8443"

    @Option(help: ArgumentHelp("The certificate chain, in PEM.", valueName: "file"), completion: .file())
    var certificate: String

    @Option(help: ArgumentHelp("Its private key, in PEM.", valueName: "file"), completion: .file())
    var key: String

    @Option(
        help: ArgumentHelp("Tokens, one a line, any of which lets a client in.", valueName: "file"),
        completion: .file())
    var tokenFile: String

    @Flag(help: "Catch no mail, though port 25 is free.")
    var noCatcher = false

    @Option(
        help: ArgumentHelp(
            """
            A domain of yours whose names have this vantage as their first MX: clients may be asked to relay to \
            them as backup MX. It may be given several times.
            """, valueName: "domain"))
    var backupDomain: [String] = []

    @Option(help: ArgumentHelp("Probes of one client that run or wait.", valueName: "count"))
    var atOncePerClient = QuotaLimits().atOncePerClient

    @Option(help: ArgumentHelp("Probes of one client in an hour.", valueName: "count"))
    var hourlyPerClient = QuotaLimits().hourlyPerClient

    @Option(help: ArgumentHelp("Probes that run at once.", valueName: "count"))
    var running = QuotaLimits().running

    @Option(help: ArgumentHelp("Probes that wait for others to end.", valueName: "count"))
    var waiting = QuotaLimits().waiting

    func validate() throws {
        for (name, value, range) in [
            ("--at-once-per-client", atOncePerClient, 1...10_000),
            ("--hourly-per-client", hourlyPerClient, 1...1_000_000), ("--running", running, 1...1000),
            ("--waiting", waiting, 0...10_000),
        ] where !range.contains(value) {
            throw ValidationError("\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        _ = try place()
    }

    func run() async throws {
        try await perform(Terminal(common, format: .text)) { terminal in
            let (address, port) = try place()
            let interfaces = interfaceNetworks() ?? []
            try requireSecretFile(tokenFile)
            let settings = VantageSettings(
                address: address, port: port,
                certificatePEM: try readText(certificate, what: "the certificate"),
                keyPEM: try readText(key, what: "the private key"),
                tokens: try BearerTokens(parsing: readText(tokenFile, what: "the token")),
                program: agentVersion, interfaces: interfaces,
                catchers: noCatcher ? [] : globalAddresses(interfaces),
                quotas: QuotaLimits(
                    atOncePerClient: atOncePerClient, hourlyPerClient: hourlyPerClient, running: running,
                    waiting: waiting),
                backupDomains: backupDomain.map { $0.lowercased() })
            try await serveVantage(settings) { line in
                terminal.say("\(currentTime().rfc3339) \(line)")
            } isServing: { port in
                terminal.say("Serving probes on \(address) port \(port).")
            }
            return .done
        }
    }

    private func place() throws -> (IPAddress, Int) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port),
            let address = IPAddress(listen[..<colon].filter { !"[]".contains($0) })
        else { throw ValidationError("--listen takes an address and a port: [::]:8443 or 203.0.113.10:8443") }
        return (address, port)
    }
}
