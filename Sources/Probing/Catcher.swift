package import MailModel
internal import NIOCore
internal import NIOPosix
internal import SMTPCore
internal import Synchronization

/// Where relayed messages arrive: SMTP on the vantage's own addresses, for live tokens only. One serves any
/// number of probes.
package final class Catcher: Sendable {
    private struct State {
        /// What is expected, to what the vantage said of itself when it sent it.
        var live: [String: String] = [:]
        var fates: [String: MessageFate] = [:]
        /// For whom the relay has said that a message is, by token.
        var recipients: [String: String] = [:]
        /// Addresses without a token that a test is asked with, to their tokens.
        var roles: [String: Set<String>] = [:]
        var connections = 0
        /// By address; an IPv6 client is its /64.
        var clients: [IPAddress: Int] = [:]
        var messages = 0
    }

    private static let idleLimit = TimeAmount.seconds(30)
    /// A relay has its messages through in seconds; who only keeps the line busy makes room.
    private static let sessionLimit = TimeAmount.minutes(2)

    /// At once: twice what Postfix opens to one destination (default_destination_concurrency_limit).
    static let clientLimit = 40

    private let vantage: [IPAddress]
    private let others: [IPAddress]
    private let connectionLimit: Int
    private let state = Mutex(State())
    private let listeners = Mutex<[any Channel]>([])

    /// - Parameters:
    ///   - vantage: where to listen.
    ///   - others: what else probes connect from.
    ///   - connectionLimit: at once; a relay that floods the vantage gets no more.
    package init(vantage: [IPAddress], others: [IPAddress], connectionLimit: Int = 50) {
        self.vantage = vantage
        self.others = others
        self.connectionLimit = connectionLimit
    }

    /// The domain under which the vantage catches what a server sends: an address literal, so that no DNS is
    /// needed, of the server's own family where there is one.
    func domain(for server: IPAddress) -> String? {
        (vantage.first { $0.width == server.width } ?? vantage.first).map { "[\($0.literal)]" }
    }

    /// Where reports are to go: over IPv4 where there is such an address, which every server understands.
    var reportDomain: String? {
        (vantage.first { $0.width == 32 } ?? vantage.first).map { "[\($0.literal)]" }
    }

    /// How many messages with a live token have come.
    package var caughtMessages: Int { state.withLock { $0.messages } }

    /// Listens on every address of the vantage.
    /// - Returns: whether it does; without a catcher nothing is sent.
    package func start(port: Int = 25) async -> Bool {
        for address in vantage {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16_384))
                .childChannelInitializer { channel in
                    channel.close(after: Self.sessionLimit)
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            IdleStateHandler(allTimeout: Self.idleLimit))
                        try channel.pipeline.syncOperations.addHandler(CatcherHandler(catcher: self))
                    }
                }
            guard let listener = try? await bootstrap.bind(host: address.description, port: port).get() else {
                await stop()
                return false
            }
            listeners.withLock { $0.append(listener) }
        }
        return !vantage.isEmpty
    }

    package func stop() async {
        let channels = listeners.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in channels { try? await channel.close() }
    }

    /// - Parameters:
    ///   - recipient: where no token is in it, what it is.
    ///   - helo: the argument of the EHLO with which it is sent.
    func expect(_ token: String, for recipient: String? = nil, helo: String) {
        state.withLock { state in
            state.live[token] = helo
            if let recipient { state.roles[recipient.lowercased(), default: []].insert(token) }
        }
    }

    /// Whether a test is asked with this address, given in lower case.
    func awaitsRole(_ address: String) -> Bool { state.withLock { $0.roles[address]?.isEmpty == false } }

    /// What comes later with one of these is refused.
    func forget(_ tokens: some Sequence<String>) {
        state.withLock { state in
            for token in tokens {
                state.live[token] = nil
                state.fates[token] = nil
                state.recipients[token] = nil
                for role in state.roles.keys { state.roles[role]?.remove(token) }
            }
            state.roles = state.roles.filter { !$0.value.isEmpty }
        }
    }

    /// Waits until all of these have come, or the time is over.
    /// - Returns: what came of each; ``MessageFate/missing`` for those that did not come.
    func fates(of tokens: Set<String>, until end: NIODeadline) async -> [String: MessageFate] {
        while true {
            let known = state.withLock { $0.fates.filter { tokens.contains($0.key) } }
            if known.count == tokens.count || .now() >= end || Task.isCancelled {
                return known.merging(tokens.map { ($0, .missing) }) { known, _ in known }
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// For whom the message with a token came, as the relay said; `nil` when none has come.
    func recipient(of token: String) -> String? { state.withLock { $0.recipients[token] } }

    /// The live token in an address, in whatever form the relay has left it.
    func token(in address: String) -> String? {
        guard let token = Questions.token(in: address.lowercased()) else { return nil }
        return state.withLock { $0.live[token] == nil ? nil : token }
    }

    func caught(_ message: CaughtMessage) {
        state.withLock { state in
            state.messages += 1
            for (token, recipient) in message.tokens {
                // The sender of a test is called "probe-" and its token: what comes to it is a report.
                let isReport = recipient.lowercased().hasPrefix("probe-")
                if isReport, state.fates[token] != nil { continue }
                let helo = state.live[token] ?? ""
                let believed = message.believedClient(helo: helo).flatMap { address in
                    (vantage + others).contains(address) ? nil : address
                }
                state.recipients[token] = recipient
                state.fates[token] = isReport ? message.bounce : .arrived(believedClient: believed)
            }
        }
    }

    func connected(from client: IPAddress?) -> Bool {
        state.withLock { state in
            state.connections += 1
            let count = client.map { client in
                state.clients[client, default: 0] += 1
                return state.clients[client] ?? 0
            }
            return state.connections <= connectionLimit && count ?? 0 <= Self.clientLimit
        }
    }

    func disconnected(from client: IPAddress?) {
        state.withLock { state in
            state.connections -= 1
            guard let client, let count = state.clients[client] else { return }
            state.clients[client] = count > 1 ? count - 1 : nil
        }
    }
}

extension CaughtMessage {
    /// A report on what another server has said to the message is the word that the message went there.
    fileprivate var bounce: MessageFate {
        guard let remote = report["remote-mta"], !remote.contains("/"), IPAddress(remote)?.isLoopback != true,
            !["localhost", "127.0.0.1", "[127.0.0.1]"].contains(remote.lowercased())
        else { return .bounced }
        return .traced(.passedOn(remote, recipient: report["final-recipient"]))
    }
}

private final class CatcherHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let catcher: Catcher
    private var session: CatcherSession
    private var client: IPAddress?

    init(catcher: Catcher) {
        self.catcher = catcher
        session = CatcherSession(
            tokenIn: { catcher.token(in: $0) }, awaitsRole: { catcher.awaitsRole($0) })
    }

    func channelActive(context: ChannelHandlerContext) {
        client = context.remoteAddress?.ipAddress.flatMap { IPAddress($0)?.unmapped }.map {
            $0.width == 32 ? $0 : $0.masked(to: 64)
        }
        guard catcher.connected(from: client) else { return context.close(promise: nil) }
        write(CatcherSession.greeting, context)
    }

    func channelInactive(context: ChannelHandlerContext) { catcher.disconnected(from: client) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let output = session.received(unwrapInboundIn(data).readableBytesView)
        for message in output.caught { catcher.caught(message) }
        if !output.reply.isEmpty { write(output.reply, context) }
        if output.closes { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}
