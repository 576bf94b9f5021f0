package import MailModel
internal import NIOCore
internal import NIOPosix

/// How a host shows that an address is its own: whoever is connected to there answers a challenge by a secret
/// that only the asker has.
///
/// A vantage asks on one port and no other, so that nobody can use it to look for open ones.
package enum AddressProof {
    package static let port = 8025
    /// For all of it: who answers a byte at a time shall hold nobody up.
    private static let wait = TimeAmount.seconds(5)
    private static let lineLimit = 128

    /// Answers challenges on these addresses while `body` runs. Where the port is taken, nothing is proved.
    package static func answering<T: Sendable>(
        on addresses: [IPAddress], _ answer: @escaping @Sendable (String) -> String,
        body: () async throws(Failure) -> T
    ) async throws(Failure) -> T {
        var listeners: [any Channel] = []
        for address in addresses {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.close(after: wait)
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LineHandler(says: nil) { answer($0) })
                    }
                }
            if let listener = try? await bootstrap.bind(host: address.description, port: port).get() {
                listeners.append(listener)
            }
        }
        do {
            let result = try await body()
            for listener in listeners { try? await listener.close() }
            return result
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
    }

    /// - Returns: what was answered there; `nil` when nothing was.
    package static func ask(
        _ address: IPAddress, port: Int = port, challenge: String
    ) async -> String? {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: String?.self)
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(wait).channelInitializer { channel in
            channel.close(after: wait)
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    LineHandler(says: challenge) { line in
                        promise.succeed(line)
                        return nil
                    } ended: {
                        promise.succeed(nil)
                    })
            }
        }
        guard let channel = try? await bootstrap.connect(host: address.description, port: port).get() else {
            promise.succeed(nil)
            return nil
        }
        defer { channel.close(promise: nil) }
        return (try? await promise.futureResult.get()) ?? nil
    }

    /// Reads one line, answers it or not, and hangs up.
    private final class LineHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let says: String?
        private let answer: (String) -> String?
        private let ended: () -> Void
        private var line: [UInt8] = []
        private var isOver = false

        init(says: String?, answer: @escaping (String) -> String?, ended: @escaping () -> Void = {}) {
            self.says = says
            self.answer = answer
            self.ended = ended
        }

        func channelActive(context: ChannelHandlerContext) {
            if let says { write(says, context) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isOver else { return }
            line += unwrapInboundIn(data).readableBytesView.prefix(lineLimit)
            guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
                return line.count > lineLimit ? over(context) : ()
            }
            isOver = true
            if let reply = answer(String(decoding: line[..<end], as: UTF8.self)) { write(reply, context) }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { over(context) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { over(context) }

        private func over(_ context: ChannelHandlerContext) {
            guard !isOver else { return }
            isOver = true
            ended()
            context.close(promise: nil)
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            let bytes = Array((text + "\n").utf8)
            context.writeAndFlush(
                wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        }
    }
}

extension Channel {
    /// Ends the connection then, whatever goes on in it.
    func close(after limit: TimeAmount) {
        let end = eventLoop.scheduleTask(in: limit) { self.close(promise: nil) }
        closeFuture.whenComplete { _ in end.cancel() }
    }
}
