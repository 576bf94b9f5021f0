internal import Glibc
internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import SMTPCore

/// What came of one connection.
enum Conversation: Sendable {
    case heard(DialogueRecord, DialogueEnd)
    /// There was no connection; why, as a sentence without a full stop, and whether nobody has answered at all.
    case unreachable(String, isFiltered: Bool = false)
    /// The time was up before it began, which says nothing about the server.
    case unasked
}

/// One connection to be made.
struct Call: Sendable {
    var endpoint: ProbeRequest.Endpoint
    var source: IPAddress?
    var settings: DialogueHandler.Settings
    /// What to ask, once the address is known from which it is asked.
    var makeScript: @Sendable (SocketAddress?) -> DialogueScript

    /// Connects, carries the dialogue out, closes. Never throws and never outlasts the run's end.
    func make() async -> Conversation {
        guard .now() < settings.end else { return .unasked }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let outcome = loop.makePromise(of: Conversation.self)
        let channel: any Channel
        do {
            channel = try await connect(on: loop, outcome)
        } catch {
            // Who is refused a connection is told ECONNREFUSED: a reset is of one that was made (tcp(7)).
            let code = (error as? IOError)?.errnoCode
            let conversation =
                code == ECONNRESET
                ? Conversation.heard(DialogueRecord(), .closed(awaiting: "the banner"))
                : .unreachable(
                    Self.words(for: error, limit: connectLimit), isFiltered: code != ECONNREFUSED)
            outcome.succeed(conversation)
            return conversation
        }
        return await withTaskCancellationHandler {
            (try? await outcome.futureResult.get()) ?? .unreachable("the connection was lost")
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private var connectLimit: TimeAmount { min(TimeAmount(settings.limits.connect), settings.end - .now()) }

    private func connect(
        on loop: any EventLoop, _ outcome: EventLoopPromise<Conversation>
    ) async throws -> any Channel {
        let remote = try SocketAddress(ipAddress: endpoint.address.description, port: endpoint.port)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(connectLimit)
            // A reply fits; a flood is read in small pieces.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .channelInitializer { [settings, makeScript] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = DialogueHandler(
                        settings: settings, makeScript: makeScript, outcome: outcome)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        if let source {
            bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source.description, port: 0))
        }
        return try await bootstrap.connect(to: remote).get()
    }

    private static func words(for error: any Error, limit: TimeAmount) -> String {
        if case ChannelError.connectTimeout = error {
            return "no answer within \(max(1, limit.nanoseconds / 1_000_000_000)) s"
        }
        guard let code = (error as? IOError)?.errnoCode else { return "no connection: \(error)" }
        return switch code {
        case ECONNREFUSED: "connection refused"
        case ETIMEDOUT: "no answer"
        case EHOSTUNREACH, ENETUNREACH: "no route to it"
        case EADDRNOTAVAIL: "the vantage does not have the address that it was to ask from"
        case EACCES, EPERM: "the vantage may not connect: a firewall forbids it"
        default: "no connection: \(String(cString: strerror(code)))"
        }
    }
}
