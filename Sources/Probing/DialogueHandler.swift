internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import SMTPCore

/// Carries a ``Dialogue`` out on a channel: bytes and events in, commands and TLS out, one deadline a wait.
final class DialogueHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a handler needs to know beside the script.
    struct Settings: Sendable {
        var limits: ProbeLimits
        /// The end of the whole run.
        var end: NIODeadline
        var tls: NIOSSLContext
        var record: @Sendable (TranscriptEntry.Direction, [UInt8]) -> Void
        /// Is told what is waited for, whenever that changes.
        var waits: @Sendable (String) -> Void = { _ in }
    }

    private let settings: Settings
    private let makeScript: @Sendable (SocketAddress?) -> DialogueScript
    private let outcome: EventLoopPromise<Conversation>
    private var dialogue: Dialogue?
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(
        settings: Settings, makeScript: @escaping @Sendable (SocketAddress?) -> DialogueScript,
        outcome: EventLoopPromise<Conversation>
    ) {
        self.settings = settings
        self.makeScript = makeScript
        self.outcome = outcome
    }

    func channelActive(context: ChannelHandlerContext) {
        dialogue = Dialogue(makeScript(context.localAddress))
        tell(.connected, context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        if !isOver { settings.record(.received, bytes) }
        tell(.bytes(bytes), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            settings.record(.note, Array("TLS established".utf8))
            tell(.tlsEstablished, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A close without TLS's own farewell is how most servers hang up.
        if case NIOSSLError.uncleanShutdown = error {
            tell(.closed, context)
        } else if error is NIOSSLError || error is BoringSSLError {
            tell(.tlsFailed(Self.words(for: error)), context)
        } else {
            tell(.closed, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell(.closed, context)
        context.fireChannelInactive()
    }

    private func tell(_ event: Dialogue.Event, _ context: ChannelHandlerContext) {
        guard !isOver, var machine = dialogue else { return }
        // Taken out while it changes, so that its bytes are not copied.
        dialogue = nil
        let action = machine.received(event)
        let wait = allowance(for: machine)
        dialogue = machine
        if action != .wait || event == .connected || event == .tlsEstablished {
            settings.waits(machine.awaiting)
        }
        switch action {
        case .wait:
            if timer == nil || event == .tlsEstablished { setTimer(wait, context) }
        case .send(let bytes):
            settings.record(.sent, bytes)
            setTimer(wait, context)
            context.writeAndFlush(
                wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        case .startTLS:
            setTimer(wait, context)
            startTLS(context)
        case .sendThenStartTLS(let bytes):
            settings.record(.sent, bytes)
            setTimer(wait, context)
            context.writeAndFlush(
                wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
            startTLS(context)
        case .finish(let end): finish(end, context)
        }
    }

    private func allowance(for machine: Dialogue) -> Duration {
        switch machine.patience {
        case .banner: settings.limits.banner
        case .reply: settings.limits.reply
        case .farewell: min(settings.limits.reply, .seconds(2))
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        do {
            // No name is sent: the server is known by its address, and any certificate will do.
            let handler = try NIOSSLClientHandler(context: settings.tls, serverHostname: nil)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            tell(.tlsFailed(Self.words(for: error)), context)
        }
    }

    private func setTimer(_ wait: Duration, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let due = min(.now() + TimeAmount(wait), settings.end)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
            self?.tell(.timedOut, context)
        }
    }

    private func finish(_ end: DialogueEnd, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        if let trouble = end.trouble { settings.record(.note, Array(trouble.utf8)) }
        outcome.succeed(.heard(dialogue?.record ?? DialogueRecord(), end))
        context.close(promise: nil)
    }

    /// NIO's and BoringSSL's errors in words that can stand in a report.
    private static func words(for error: any Error) -> String {
        let text =
            switch error {
            case NIOSSLError.handshakeFailed(let reason): "the handshake failed (\(reason))"
            case NIOSSLError.noSuchFilesystemObject, NIOSSLError.failedToLoadCertificate:
                "TLS could not be set up"
            default: "\(error)"
            }
        // BoringSSL names the line of its source where it was built.
        return text.replacing(#/ at \/[^\s\])]+/#, with: "")
    }
}
