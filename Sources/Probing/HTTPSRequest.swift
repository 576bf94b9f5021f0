package import MailModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// One request over HTTP/1.1 and TLS, and its answer: what it takes to ask a vantage elsewhere.
package struct HTTPSRequest: Sendable {
    package var host: String
    package var port: Int
    package var path: String
    /// Sent as a bearer token (RFC 6750 section 2.1).
    package var token: String?
    /// What is posted; `nil` to get.
    package var body: [UInt8]?
    /// Who may vouch for the server, in PEM; the system's authorities where `nil`.
    package var trustedPEM: String?
    /// For the whole exchange.
    package var deadline: Duration
    /// Whether to ask over IPv4 where the host has such an address.
    package var prefersIPv4 = false
    /// Is offered each short line of the answer as it comes; what it takes is not kept in the answer.
    package var takeLine: @Sendable ([UInt8]) -> Bool = { _ in false }

    /// - Parameter url: `https://host[:port][/path]`.
    package init(
        url: String, token: String? = nil, body: [UInt8]? = nil, trustedPEM: String? = nil, deadline: Duration
    ) {
        let rest = url.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" }
        let colon = authority.lastIndex(of: ":").flatMap { authority.hasSuffix("]") ? nil : $0 }
        host = String(colon.map { authority[..<$0] } ?? authority).filter { !"[]".contains($0) }
        port = colon.flatMap { Int(authority[authority.index(after: $0)...]) } ?? 443
        path = authority.count == rest.count ? "/" : String(rest.dropFirst(authority.count))
        self.token = token
        self.body = body
        self.trustedPEM = trustedPEM
        self.deadline = deadline
    }

    package struct Response: Sendable {
        package var status: Int
        package var body: [UInt8]
    }

    /// A report with its transcript fits many times.
    static let limitInBytes = 16 << 20

    /// - Throws: ``ExitStatus/cannotTell`` when there is no answer, with what kept it.
    package func send() async throws(Failure) -> Response {
        do {
            return try await exchange()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .cannotTell, "the vantage \(host) port \(port) did not answer",
                detail: Self.words(for: error),
                remedy: "Look whether `agent vantage serve` runs there and its certificate is known here.")
        }
    }

    private func exchange() async throws -> Response {
        let context = try NIOSSLContext(configuration: configuration())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: Response.self)
        let request = self
        let channel: any Channel
        let first = prefersIPv4 ? try? await resolveHost(host).first { $0.width == 32 } : nil
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(.seconds(15))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let isName = IPAddress(request.host) == nil
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(
                            NIOSSLClientHandler(
                                context: context, serverHostname: isName ? request.host : nil))
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(ExchangeHandler(request: request, answer: answer))
                    }
                }
                .connect(host: first?.description ?? host, port: port).get()
        } catch {
            answer.fail(error)
            throw error
        }
        defer { channel.close(promise: nil) }
        return try await withTaskCancellationHandler {
            try await answer.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let trustedPEM {
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(trustedPEM.utf8)))
        }
        return configuration
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout: "no answer to the connection"
        case NIOSSLError.handshakeFailed(let reason): "TLS failed: \(reason)"
        case let error as IOError: error.description
        default: "\(error)"
        }
    }
}

/// Sends one request, gathers one answer.
private final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private struct Ended: Error, CustomStringConvertible {
        var description: String
    }

    private let request: HTTPSRequest
    private let answer: EventLoopPromise<HTTPSRequest.Response>
    private var status = 0
    private var lines: AnswerLines
    private var isOver = false

    init(request: HTTPSRequest, answer: EventLoopPromise<HTTPSRequest.Response>) {
        self.request = request
        self.answer = answer
        lines = AnswerLines(limit: HTTPSRequest.limitInBytes, take: request.takeLine)
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        let host = request.host.contains(":") ? "[\(request.host)]" : request.host
        headers.add(name: "Host", value: request.port == 443 ? host : "\(host):\(request.port)")
        headers.add(name: "Connection", value: "close")
        if let token = request.token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body = request.body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: request.body == nil ? .GET : .POST, uri: request.path, headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body {
            let buffer = context.channel.allocator.buffer(bytes: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let loop = context.eventLoop.assumeIsolated()
        loop.scheduleTask(in: TimeAmount(request.deadline)) { [weak self] in
            self?.fail(Ended(description: "no answer in time"), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let part):
            guard !isOver else { return }
            guard lines.append(part.readableBytesView) else {
                return fail(Ended(description: "its answer has no end"), context)
            }
        case .end:
            guard !isOver else { return }
            isOver = true
            answer.succeed(HTTPSRequest.Response(status: status, body: lines.end()))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.uncleanShutdown = error { return context.close(promise: nil) }
        // An answer that breaks off in its middle.
        if case HTTPParserError.invalidEOFState = error { return channelInactive(context: context) }
        fail(error, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(Ended(description: "it hung up"), context)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        answer.fail(error)
        context.close(promise: nil)
    }
}
