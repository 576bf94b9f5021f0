internal import Glibc
internal import HostIO
internal import MailModel
internal import Probing

/// Probes from a network namespace on this machine, whose address is in no white list.
///
/// This program is started again inside a new namespace (unshare(1)); it makes its own link to the host,
/// probes, and ends, and the namespace ends with it.
func probeFromNamespace(
    _ request: ProbeRequest, _ instruments: VantageInstruments, transcript: TranscriptSink?,
    progress: ProbeProgress?
) async throws(Failure) -> ProbeReport {
    guard geteuid() == 0 else {
        throw Failure(
            .needsRoot, "the netns vantage needs root, to make a network namespace",
            remedy: "Run this as root, or ask with `--from direct` from another machine.")
    }
    let (addresses, tables) = try await chooseAddresses(for: request, instruments)
    var request = request
    request.origin = ProbeOrigin(
        kind: "netns", address: addresses.v4.vantage.description, note: addresses.note)
    request.sources = [addresses.v4.vantage] + (addresses.v6.map { [$0.vantage] } ?? [])
    request.networks = addresses.others
    request.catchers = request.sources
    let order = ProbeOrder(
        program: instruments.program, request: request,
        link: NamespaceLink(hostProcess: instruments.hostProcess, addresses: addresses, tables: tables),
        wantsTranscript: transcript != nil, wantsProgress: progress != nil)
    var call = ProgramCall(
        executable: "/usr/bin/unshare",
        arguments: ["--net", "--", instruments.executable] + instruments.arguments,
        input: try encodeJSON(order), deadline: request.limits.whole + .seconds(45))
    if transcript != nil { call.outputLimit = KeptTranscript.ownLimitInJSON }
    call.watcher = ProgressLine.watcher(progress)
    let result = try await instruments.runProgram(call)
    guard result.succeeded else { throw didNotProbe(result) }
    return try decodeJSON(ProbeDelivery.self, result.output, what: "the report of the probe")
        .received(transcript)
}

private func didNotProbe(_ result: ProgramResult) -> Failure {
    Failure(
        .cannotTell, "the probe in the network namespace ended without a report",
        detail: result.complaint,
        remedy: "Probe from another machine: `agent probe --from direct HOST` there.")
}

private func chooseAddresses(
    for request: ProbeRequest, _ instruments: VantageInstruments
) async throws(Failure) -> (NamespaceAddresses, tables: [Int: [String]]) {
    let ip = try NamespaceLink.ipPath()
    // Where IPv6 is switched off, no interface takes an address of it.
    let hasIPv6 =
        access("/proc/net/if_inet6", F_OK) == 0 && request.endpoints.contains { $0.address.width == 128 }
    var taken: [IPNetwork] = []
    var tables: [Int: [String]] = [:]
    for (family, width) in hasIPv6 ? [("-4", 32), ("-6", 128)] : [("-4", 32)] {
        let result = try await instruments.runProgram(
            ProgramCall(
                executable: ip, arguments: ["-o", family, "route", "show", "table", "all"],
                deadline: .seconds(10)))
        guard result.succeeded else {
            throw Failure(
                .cannotTell, "the routes of this host could not be read, so no free address could be chosen",
                detail: String(result.errorText.prefix(500)))
        }
        taken += NamespaceAddresses.networks(inRoutes: result.outputText)
        // A kernel without rules has none that lead elsewhere.
        let rules = try await instruments.runProgram(
            ProgramCall(executable: ip, arguments: ["-o", family, "rule", "show"], deadline: .seconds(10)))
        tables[width] = NamespaceAddresses.tables(inRules: rules.outputText)
    }
    let all = taken + request.trusted
    guard var addresses = NamespaceAddresses(taken: all, hasIPv6: hasIPv6, seed: Int(getpid())) else {
        throw Failure(
            .cannotTell, "no address is free for the network namespace of the probe",
            detail:
                "This host has routes to all of 198.51.100.0/24 or the policy vouches for it, "
                + "or it has routes to all of the blocks for its own side.",
            remedy: "Probe from another machine: `agent probe --from direct HOST` there.")
    }
    addresses.addOthers(
        servers: request.endpoints.map(\.address), routed: taken, trusted: request.trusted,
        seed: UInt64.random(in: 0...UInt64.max))
    return (addresses, tables)
}
