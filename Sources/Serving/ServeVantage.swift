internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Logging
package import MailModel
internal import NIOCore
internal import NIOSSL
internal import Probing
internal import ServiceLifecycle
internal import UnixSignals

/// Serves probes to other hosts over HTTP/1.1 and TLS, until SIGTERM or SIGINT, or until the task is cancelled.
///
/// After a signal it takes no more orders, and what runs has ``graceTime`` to come to its end.
///
/// - `POST /probe` with a bearer token and an order of this same program: the report.
/// - `GET /healthz`, `GET /metrics`.
///
/// Keeps nothing between requests but counts, so that several of them may stand behind one name.
/// - Parameters:
///   - log: a line for whatever was answered or refused.
///   - isServing: called once, with the port that it listens on.
/// - Throws: ``ExitStatus/usage`` for a certificate or key that cannot be used, ``ExitStatus/failed`` when the
///   address cannot be listened on.
package func serveVantage(
    _ settings: VantageSettings, log: @escaping @Sendable (String) -> Void,
    isServing: @escaping @Sendable (Int) -> Void = { _ in }
) async throws(Failure) {
    let tls = try configuration(settings)
    let catcher = await startCatcher(settings, log)
    let vantage = Vantage(settings, catcher: catcher, log: log)
    // What it does is said by `log`.
    let quiet = Logger(label: "vantage", factory: { _ in SwiftLogNoOpLogHandler() })
    do {
        let application = Application(
            responder: VantageResponder(vantage: vantage),
            server: try .tls(.http1(configuration: .init(idleTimeout: .seconds(60))), tlsConfiguration: tls),
            configuration: .init(
                address: .hostname(settings.address.description, port: settings.port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.quotas.running + settings.quotas.waiting + 64, logger: quiet)),
            onServerRunning: { channel in isServing(channel.localAddress?.port ?? settings.port) },
            logger: quiet)
        var services = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        services.maximumGracefulShutdownDuration = graceTime
        try await ServiceGroup(configuration: services).run()
    } catch is CancellationError {
        // Ended on purpose.
    } catch let error as IOError {
        await catcher?.stop()
        throw Failure(
            .failed, "nobody can be served on \(settings.address) port \(settings.port)",
            detail: error.description, remedy: "Name another one: --listen ADDRESS:PORT.")
    } catch {
        await catcher?.stop()
        throw Failure(.failed, "the vantage has ended", detail: "\(error)")
    }
    await catcher?.stop()
}

/// Most probes are through by then, and who stops services gives them ten seconds at least. Without an end, probes that
/// wait for their turn would be carried out as well, and an order that never comes waited for.
private let graceTime = Duration.seconds(8)

private func configuration(_ settings: VantageSettings) throws(Failure) -> TLSConfiguration {
    do {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(settings.certificatePEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(settings.keyPEM.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    } catch {
        throw Failure(
            .usage, "the certificate and its key cannot be used", detail: "\(error)",
            remedy: "Both have to be in PEM: --certificate FILE, the chain; --key FILE, without a password.")
    }
}

private func startCatcher(_ settings: VantageSettings, _ log: (String) -> Void) async -> Catcher? {
    guard !settings.catchers.isEmpty else { return nil }
    let catcher = Catcher(
        vantage: settings.catchers, others: settings.interfaces.map(\.address), connectionLimit: 500)
    if await catcher.start() { return catcher }
    log("port 25 cannot be listened on: no probe sends mail, and none is proved by delivery")
    return nil
}

/// A request with the address that it came from.
private struct VantageContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: IPAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0)?.unmapped }
    }
}

private struct VantageResponder: HTTPResponder {
    typealias Context = VantageContext

    /// In bytes: fifty endpoints and a certificate fit.
    private static let bodyLimit = 256 << 10
    let vantage: Vantage

    func respond(to request: Request, context: VantageContext) async throws -> Response {
        switch (request.method, request.uri.path) {
        case (.get, "/healthz"): return response(.ok, "text/plain", Array("ok\n".utf8))
        case (.get, "/metrics"):
            return response(.ok, "text/plain; version=0.0.4", Array(vantage.metrics.text.utf8))
        case (.post, "/probe"):
            guard let peer = context.peer else { return Response(status: .badRequest) }
            let answer = await vantage.answer(from: peer, authorization: request.headers[.authorization]) {
                await order(request)
            }
            let status = HTTPResponse.Status(code: answer.status)
            switch answer.body {
            case .document(let json): return response(status, "application/json", json)
            case .lines(let telling): return response(status, telling)
            }
        default: return Response(status: .notFound)
        }
    }

    private func order(_ request: Request) async -> [UInt8]? {
        // A client that sends its order byte by byte is not waited for.
        await withTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                (try? await request.body.collect(upTo: Self.bodyLimit)).map { Array($0.readableBytesView) }
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(30))
                return nil
            }
            let body = await group.next() ?? nil
            group.cancelAll()
            return body
        }
    }

    /// As it comes, and not when all of it is there, where whoever stands between can be told (nginx). Who does not hear
    /// it any more wants no report either.
    private func response(
        _ status: HTTPResponse.Status,
        _ tell: @escaping @Sendable (_ say: @escaping @Sendable ([UInt8]) -> Void) async -> Void
    ) -> Response {
        var headers: HTTPFields = [.contentType: "application/x-ndjson", .cacheControl: "no-store"]
        if let buffering = HTTPField.Name("X-Accel-Buffering") { headers[buffering] = "no" }
        return Response(
            status: status, headers: headers,
            body: .init { writer in
                let (lines, continuation) = AsyncStream.makeStream(of: [UInt8].self)
                async let told: Void = {
                    await tell { line in continuation.yield(line) }
                    continuation.finish()
                }()
                for await line in lines { try await writer.write(ByteBuffer(bytes: line)) }
                await told
                try Task.checkCancellation()
                try await writer.finish(nil)
            })
    }

    private func response(_ status: HTTPResponse.Status, _ type: String, _ body: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
