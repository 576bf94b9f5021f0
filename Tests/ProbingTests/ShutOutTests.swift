import Fixtures
import Foundation
import MailModel
import Probing
import Synchronization
import Testing

/// A port at which connections are dropped as by a firewall: the kernel does so where nobody accepts them and the queue
/// of those that wait is full (listen(2)).
private final class FewTaken: Sendable {
    private let listening: ListeningPort
    var port: Int { listening.port }

    /// - Parameter count: how many connections are served, as by a server that refuses to relay; the others wait.
    init(_ count: Int) throws {
        listening = try ListeningPort(backlog: 0)
        let descriptor = listening.descriptor
        for _ in 0..<count { Thread.detachNewThread { Self.serve(descriptor) } }
    }

    private static func serve(_ listener: Int32) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let stream = fdopen(connection, "r+") else { return }
        defer { fclose(stream) }
        var line = [CChar](repeating: 0, count: 1000)
        var reply = "220 mx.hosted.example ESMTP"
        while true {
            fputs(reply + "\r\n", stream)
            fflush(stream)
            guard fgets(&line, 1000, stream) != nil else { return }
            let verb = line.prefix(4).map { UInt8(bitPattern: $0) }
            switch String(decoding: verb, as: UTF8.self) {
            case "QUIT": return
            case "RCPT": reply = "554 5.7.1 Relay access denied"
            default: reply = "250 mx.hosted.example"
            }
        }
    }
}

@Suite("Shut out")
struct ShutOutTests {
    private func ask(_ port: Int) async -> ProbeEndpoint? {
        // The kernel asks again after a second where the queue was full for a moment only (tcp(7), RFC 6298).
        var limits = ProbeLimits(
            connect: .seconds(2), banner: .seconds(2), reply: .seconds(2), whole: .seconds(1200))
        limits.connections = 2
        let request = ProbeRequest(
            target: "127.0.0.1", endpoints: [.init(.v4(0x7f00_0001), port: port)],
            origin: ProbeOrigin(kind: "direct", address: nil), limits: limits)
        return await probe(request).endpoints.first
    }

    @Test(
        "Who answers no more connections than some is given up, undecided, long before the time is over",
        .timeLimit(.minutes(2)))
    func midway() async throws {
        let server = try FewTaken(4)
        let endpoint = try #require(await ask(server.port))
        #expect(endpoint.verdict == .inconclusive)
        #expect(!endpoint.tests.isEmpty)
        #expect(endpoint.isBroken != true)
        let reason = endpoint.reason ?? ""
        #expect(reason.hasPrefix("after "), "\(reason)")
        #expect(reason.contains("answers there was no connection any more: "), "\(reason)")
    }

    @Test("Who answers none is asked once, and is neither closed nor broken", .timeLimit(.minutes(1)))
    func fromTheBeginning() async throws {
        let server = try FewTaken(0)
        // The queue of none has room for one.
        let first = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(first) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(server.port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                connect(first, name, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        let endpoint = try #require(await ask(server.port))
        #expect(endpoint.verdict == .unreachable)
        #expect(endpoint.isFiltered == true)
        #expect(endpoint.reason?.hasPrefix("no answer within 2 s") == true)
    }
}
