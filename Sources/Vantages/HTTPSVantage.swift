internal import Content
internal import MailModel
internal import Probing

/// Has an `agent vantage serve` elsewhere probe this host.
func probeOverHTTPS(
    to url: String, _ request: ProbeRequest, _ instruments: VantageInstruments,
    transcript: TranscriptSink?, progress: ProbeProgress?
) async throws(Failure) -> ProbeReport {
    guard let token = instruments.token else {
        throw Failure(
            .usage, "the vantage \(url) wants a token",
            remedy: "Name the file that holds it: --token-file FILE.")
    }
    var request = request
    request.origin = ProbeOrigin(kind: "https", address: nil)
    let secret = randomToken()
    let order = ProbeOrder(
        program: instruments.program, request: request, link: nil, catches: instruments.catches,
        // Whoever stands between and hangs up on what is silent for a minute hears something as well.
        wantsTranscript: transcript != nil, wantsProgress: true, secret: secret)
    let body = try encodeJSON(order)
    // The server may keep a request waiting until others are done.
    var call = HTTPSRequest(
        url: url + (url.hasSuffix("/") ? "probe" : "/probe"), token: token, body: body,
        trustedPEM: instruments.trustedPEM,
        deadline: request.limits.whole + .seconds(300))
    // What is known by where it is asked from is known by its IPv4 address.
    call.prefersIPv4 = request.endpoints.contains(where: \.isAtAsker)
    call.takeLine = { line in
        guard let moment = ProgressLine.moment(inJSON: line) else { return false }
        progress?.take(moment)
        return true
    }
    let response = try await ProbeOrder.answering(for: request, instruments.interfaces, secret: secret) {
        [call] () async throws(Failure) in try await call.send()
    }
    guard response.status != 404 else {
        throw Failure(.cannotTell, "there is no vantage of this program at \(url)")
    }
    let delivery: ProbeDelivery
    do throws(Failure) {
        delivery = try decodeJSON(ProbeDelivery.self, response.body, what: "the answer of \(url)")
    } catch  where response.status != 200 {
        // A balancer that has nobody behind it, or no patience.
        throw Failure(
            .cannotTell, "the vantage \(url) did not answer", detail: "HTTP \(response.status)",
            remedy: "Look whether `agent vantage serve` runs there.")
    }
    return try delivery.received(transcript)
}

/// What the owner of an address answers to a challenge there.
package func proof(of secret: String, challenge: String) -> String {
    sha256(Array("\(secret) \(challenge)".utf8))
}

/// 256 random bits, in hexadecimal digits.
package func randomToken() -> String {
    (0..<4).map { _ in
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
}
