internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import SMTPCore
internal import Synchronization

/// Where relayed messages arrive: SMTP on the vantage's own addresses, for live tokens only.
final class Catcher: Sendable {
    private struct State {
        var live: Set<String> = []
        var fates: [String: MessageFate] = [:]
        var connections = 0
    }

    /// At once; a relay that floods the vantage gets no more.
    private static let connectionLimit = 50
    private static let idleLimit = TimeAmount.seconds(30)

    private let vantage: [IPAddress]
    private let state = Mutex(State())
    private let listeners = Mutex<[any Channel]>([])

    init(vantage: [IPAddress]) { self.vantage = vantage }

    /// The domain under which the vantage catches: an address literal, so that no DNS is needed.
    var domain: String? { vantage.first.map { "[\($0.literal)]" } }

    /// Listens on every address of the vantage.
    /// - Returns: whether it does; without a catcher nothing is sent.
    func start(port: Int = 25) async -> Bool {
        for address in vantage {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16_384))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
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

    func stop() async {
        let channels = listeners.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in channels { try? await channel.close() }
    }

    func expect(_ token: String) { state.withLock { _ = $0.live.insert(token) } }

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

    /// The live token in an address, in whatever form the relay has left it.
    func token(in address: String) -> String? {
        let address = address.lowercased()
        return state.withLock { state in state.live.first { address.contains($0) } }
    }

    func caught(_ message: CaughtMessage) {
        state.withLock { state in
            for (token, recipient) in message.tokens {
                // The sender of a test is called "probe-" and its token: what comes to it is a report.
                let isReport = recipient.lowercased().hasPrefix("probe-")
                if isReport, state.fates[token] != nil { continue }
                let believed = message.believedClient.flatMap { vantage.contains($0) ? nil : $0.description }
                state.fates[token] = isReport ? .bounced : .arrived(believedClient: believed)
            }
        }
    }

    func connected() -> Bool {
        state.withLock { state in
            state.connections += 1
            return state.connections <= Self.connectionLimit
        }
    }

    func disconnected() { state.withLock { $0.connections -= 1 } }
}

private final class CatcherHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let catcher: Catcher
    private var session: CatcherSession

    init(catcher: Catcher) {
        self.catcher = catcher
        session = CatcherSession { catcher.token(in: $0) }
    }

    func channelActive(context: ChannelHandlerContext) {
        guard catcher.connected() else { return context.close(promise: nil) }
        write(CatcherSession.greeting, context)
    }

    func channelInactive(context: ChannelHandlerContext) { catcher.disconnected() }

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
