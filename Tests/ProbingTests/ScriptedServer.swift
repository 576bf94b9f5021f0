import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on 127.0.0.1 that does what a test says, and remembers what it was told.
final class ScriptedServer: Sendable {
    /// What to do next on one connection.
    enum Step: Sendable {
        case say(String)
        case sayBytes([UInt8])
        /// Answer each line from now on with the first entry whose key begins it; `*` in a key stands for
        /// anything, an empty key for every line. `(next)` goes on to the next step, `(close)` hangs up, `(nothing)` is silence.
        case answer([(String, String)])
        case startTLS
        case close
        case reset
        /// Say this again and again, as fast as it is taken.
        case flood(String)
        /// One byte after the other, this far apart.
        case drip(String, every: TimeAmount)
        case silence
    }

    let port: Int
    private let listener: any Channel
    private let box: Box

    /// Shared with the handlers.
    final class Box: Sendable {
        let heard = Mutex<[String]>([])
        let said = Mutex<[UInt8]>([])
        let connections = Mutex((now: 0, most: 0))
    }

    private init(listener: any Channel, box: Box) {
        self.listener = listener
        self.port = listener.localAddress?.port ?? 0
        self.box = box
    }

    /// The lines that clients sent, over all connections.
    var lines: [String] { box.heard.withLock { $0 } }
    /// The first lines that it has said itself, over all connections.
    var saidLines: [String] {
        box.said.withLock { String(decoding: $0, as: UTF8.self) }.split(separator: "\r\n").map(String.init)
    }
    var mostConnections: Int { box.connections.withLock { $0.most } }

    /// Runs `body` with a server up, and ends it afterwards.
    /// - Parameter steps: what each connection does, given its number from 0.
    static func with<T>(
        tls: NIOSSLContext? = nil, implicitTLS: Bool = false,
        _ steps: @escaping @Sendable (Int) -> [Step], body: (ScriptedServer) async throws -> T
    ) async throws -> T {
        let box = Box()
        let count = Mutex(0)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let number = count.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if implicitTLS, let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(ScriptHandler(steps: steps(number), tls: tls, box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(listener: listener, box: box)
        do {
            let result = try await body(server)
            try await listener.close()
            return result
        } catch {
            try await listener.close()
            throw error
        }
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var steps: [ScriptedServer.Step]
    private let tls: NIOSSLContext?
    private let box: ScriptedServer.Box
    private var line: [UInt8] = []
    private var rules: [(String, String)] = []
    private var isFlooding = false

    init(steps: [ScriptedServer.Step], tls: NIOSSLContext?, box: ScriptedServer.Box) {
        self.steps = steps
        self.tls = tls
        self.box = box
    }

    func channelActive(context: ChannelHandlerContext) {
        box.connections.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        advance(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        box.connections.withLock { $0.now -= 1 }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for byte in unwrapInboundIn(data).readableBytesView {
            guard byte == 10 else {
                if byte != 13 { line.append(byte) }
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            line = []
            box.heard.withLock { $0.append(text) }
            answer(text, context)
        }
    }

    private func answer(_ text: String, _ context: ChannelHandlerContext) {
        guard let rule = rules.first(where: { matches(text, $0.0) }) else { return advance(context) }
        switch rule.1 {
        case "(next)": advance(context)
        case "(close)": context.close(promise: nil)
        case "(nothing)": break
        default: say(rule.1, context)
        }
    }

    private func matches(_ text: String, _ key: String) -> Bool {
        let parts = key.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst() {
            guard part.isEmpty || rest.contains(part) else { return false }
            if let range = part.isEmpty ? nil : rest.firstRange(of: part) { rest = rest[range.upperBound...] }
        }
        return true
    }

    private func advance(_ context: ChannelHandlerContext) {
        guard !steps.isEmpty else { return }
        let step = steps.removeFirst()
        switch step {
        case .say(let text):
            say(text, context)
            advance(context)
        case .sayBytes(let bytes):
            write(bytes, context)
            advance(context)
        case .answer(let rules): self.rules = rules
        case .startTLS: startTLS(context)
        case .close: context.close(promise: nil)
        case .reset:
            // A linger of zero makes close(2) send RST (socket(7)).
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            context.close(promise: nil)
        case .flood(let text):
            isFlooding = true
            flood(Array(text.utf8), context)
        case .drip(let text, let interval): drip(Array(text.utf8), interval, context)
        case .silence: break
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        guard let tls else { return }
        try? context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        advance(context)
    }

    private func flood(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        guard isFlooding, context.channel.isActive else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            // By way of the event loop: the loop serves others as well.
            context.eventLoop.assumeIsolated().execute { self.flood(bytes, context) }
        }
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: promise)
    }

    private func drip(_ bytes: [UInt8], _ interval: TimeAmount, _ context: ChannelHandlerContext) {
        guard let first = bytes.first, context.channel.isActive else { return }
        write([first], context)
        context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            self.drip(Array(bytes.dropFirst()), interval, context)
        }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        let bytes = Array((text + "\r\n").utf8)
        box.said.withLock { if $0.count < 1 << 20 { $0 += bytes } }
        write(bytes, context)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}
