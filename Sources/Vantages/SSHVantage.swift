internal import HostIO
internal import MailModel
internal import Probing

/// Probes from another machine, by this program there, over the user's own OpenSSH.
///
/// The keys, the port and whatever else belongs to the way are in the user's ssh_config(5).
func probeOverSSH(
    to destination: String, _ request: ProbeRequest, _ instruments: VantageInstruments,
    transcript: TranscriptSink?, progress: ProbeProgress?
) async throws(Failure) -> ProbeReport {
    var request = request
    request.origin = ProbeOrigin(kind: "ssh", address: nil)
    // Whose the other addresses are is not asked there, and nobody has to answer on them.
    let secret = request.endpoints.contains(where: \.isAtAsker) ? randomToken() : nil
    let order = ProbeOrder(
        program: instruments.program, request: request, link: nil, catches: instruments.catches,
        wantsTranscript: transcript != nil, wantsProgress: progress != nil, secret: secret)
    var call = ProgramCall(
        executable: "/usr/bin/ssh",
        arguments: [
            "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "--", destination,
            "agent probe --request -",
        ],
        input: try encodeJSON(order), deadline: request.limits.whole + .seconds(45))
    if transcript != nil { call.outputLimit = KeptTranscript.ownLimitInJSON }
    call.watcher = ProgressLine.watcher(progress)
    let run = { [call] () async throws(Failure) in try await instruments.runProgram(call) }
    let result =
        if let secret {
            try await ProbeOrder.answering(for: request, instruments.interfaces, secret: secret, body: run)
        } else {
            try await run()
        }
    guard result.succeeded else { throw didNotAnswer(destination, result) }
    return try decodeJSON(ProbeDelivery.self, result.output, what: "the report from \(destination)")
        .received(transcript)
}

private func didNotAnswer(_ destination: String, _ result: ProgramResult) -> Failure {
    // ssh(1): 255 when ssh itself failed; a shell says 127 for a program that it does not find.
    let remedy =
        switch result.exit {
        case .exited(127): "Install this program there, where `ssh \(destination) agent --version` finds it."
        case .exited(255):
            "Look whether `ssh -o BatchMode=yes \(destination) true` works without a question: a host key that"
                + " is not known or a login that wants a password ends it."
        default: "Look whether `ssh \(destination) agent --version` prints this program's version."
        }
    return Failure(
        .cannotTell, "the vantage ssh://\(destination) did not probe",
        detail: result.complaint, remedy: remedy)
}
