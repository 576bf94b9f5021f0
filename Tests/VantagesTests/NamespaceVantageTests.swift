import Fixtures
import Glibc
import HostIO
import MailModel
import Probing
import Testing

@testable import Vantages

let isRoot = geteuid() == 0

/// The program that the tests are part of, next to them; `nil` when it was not built.
let agent: String? = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    guard length > 0 else { return nil }
    let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let program = path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/agent"
    return access(program, X_OK) == 0 ? program : nil
}()

/// What the program beside the tests says of its version.
func agentVersion() async throws -> String {
    try await HostIO.runProgram(
        ProgramCall(executable: try #require(agent), arguments: ["--version"], deadline: .seconds(10))
    ).outputText.filter { !$0.isWhitespace }
}

/// A real namespace on this machine, and a real connection out of it to a socket that listens and says
/// nothing.
@Suite(
    "Network namespace on this machine",
    .enabled(if: isRoot, "needs root, to make a network namespace"),
    .enabled(if: agent != nil, "needs the program agent beside the tests: run `swift build` first"),
    .enabled(if: access("/usr/bin/unshare", X_OK) == 0, "needs unshare of util-linux"), .serialized)
struct NamespaceVantageTests {
    private func output(_ executable: String, _ arguments: [String]) async throws -> String {
        try await HostIO.runProgram(
            ProgramCall(executable: executable, arguments: arguments, deadline: .seconds(10))
        ).outputText
    }

    private func interfaces() async throws -> [String] {
        try await output(try NamespaceLink.ipPath(), ["-o", "link"]).split(separator: "\n")
            .map { String($0.split(separator: " ")[1]) }
    }

    private func instruments() async throws -> VantageInstruments {
        var instruments = VantageInstruments.live(program: try await agentVersion())
        instruments.executable = try #require(agent)
        return instruments
    }

    /// An address of this machine that is not loopback, as the route to a stranger's would use it.
    private func ownAddress() async throws -> IPAddress? {
        let words = try await output(
            try NamespaceLink.ipPath(), ["-o", "-4", "addr", "show", "scope", "global"]
        )
        .split(separator: " ").map(String.init)
        return words.firstIndex(of: "inet").flatMap { IPNetwork(words[$0 + 1])?.address }
    }

    @Test("A port of this machine is reached from a stranger's address, and nothing is left afterwards")
    func reached() async throws {
        guard let own = try await ownAddress() else { return }
        let before = try await interfaces()
        let listener = try Listening(on: own)
        let report = try await runProbe(
            from: .networkNamespace,
            ProbeRequest(
                target: own.description, endpoints: [.init(own, port: listener.port)],
                origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential,
                limits: ProbeLimits(banner: .milliseconds(300), whole: .seconds(5))),
            instruments: try await instruments())
        #expect(report.from.kind == "netns")
        #expect(report.verdict == .inconclusive)
        #expect(report.endpoints.first?.reason == "broken: no banner")
        let peer = try #require(listener.peers().first)
        #expect(peer.description == report.from.address)
        #expect(IPNetwork("198.51.100.0/24")?.contains(peer) == true)
        #expect(try await interfaces() == before)
    }

    @Test("An interrupted probe leaves nothing either")
    func interrupted() async throws {
        guard let own = try await ownAddress() else { return }
        let before = try await interfaces()
        let listener = try Listening(on: own)
        let instruments = try await instruments()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = try? await runProbe(
                    from: .networkNamespace,
                    ProbeRequest(
                        target: own.description, endpoints: [.init(own, port: listener.port)],
                        origin: ProbeOrigin(kind: "direct", address: nil),
                        limits: ProbeLimits(banner: .seconds(60), whole: .seconds(60))),
                    instruments: instruments)
            }
            group.addTask { while listener.peers().isEmpty, !Task.isCancelled { await Task.yield() } }
            // The second task ends as soon as the namespace is connected.
            await group.next()
            group.cancelAll()
        }
        // The kernel takes the pair away a moment after the last process of the namespace.
        let deadline = ContinuousClock.now + .seconds(10)
        while try await interfaces() != before, ContinuousClock.now < deadline { await Task.yield() }
        #expect(try await interfaces() == before)
    }
}

/// A TCP socket that accepts by way of the kernel's queue and never says anything.
private final class Listening: Sendable {
    private let listening: ListeningPort
    var port: Int { listening.port }

    init(on address: IPAddress) throws {
        guard case .v4(let bits) = address else { throw Failure(.usage, "not of IPv4") }
        listening = try ListeningPort(on: bits)
        _ = fcntl(listening.descriptor, F_SETFL, O_NONBLOCK)
    }

    /// Who has connected since the last call; the connections stay open until the process ends.
    func peers() -> [IPAddress] {
        var peers: [IPAddress] = []
        while true {
            var name = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let accepted = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    accept(listening.descriptor, $0, &length)
                }
            }
            guard accepted >= 0 else { return peers }
            peers.append(.v4(UInt32(bigEndian: name.sin_addr.s_addr)))
        }
    }
}
