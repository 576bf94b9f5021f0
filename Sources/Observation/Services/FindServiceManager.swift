import HostIO
import MailModel

/// A socket unit and what it listens on.
struct SocketUnit: Sendable {
    var state: UnitState
    var triggers: String
    var addresses: [String]
    /// Whether each client has a service of its own (`Accept=yes`): those come and go, and end with their clients.
    var isForEachClient: Bool

    func listens(_ listener: Listener) -> Bool {
        let address = listener.address.description
        let named = address.contains(":") ? "[\(address)]:\(listener.port)" : "\(address):\(listener.port)"
        return state.isActive && addresses.contains { $0.hasPrefix(named + " ") }
    }
}

func systemctl(_ arguments: [String], _ instruments: Instruments) async -> [[String: [String]]] {
    let files = instruments.files
    guard files.exists("/run/systemd/system"),
        let program = ["/usr/bin/systemctl", "/bin/systemctl"].first(where: files.isExecutable)
    else { return [] }
    let call = ProgramCall(
        executable: program, arguments: arguments, deadline: instruments.deadlines.system,
        outputLimit: 1 << 20)
    guard let result = try? await instruments.run(call), result.succeeded else { return [] }
    return unitBlocks(result.outputText)
}

/// Blocks of `Key=value`, a unit each, parted by empty lines; a key may come several times.
func unitBlocks(_ text: String) -> [[String: [String]]] {
    var blocks: [[String: [String]]] = []
    var block: [String: [String]] = [:]
    for line in "\(text)\n".split(separator: "\n", omittingEmptySubsequences: false) {
        guard !line.isEmpty else {
            if !block.isEmpty { blocks.append(block) }
            block = [:]
            continue
        }
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { block[String(parts[0]), default: []].append(String(parts[1])) }
    }
    return blocks
}

/// - Parameter isRunAtBoot: Of a start script that systemd made the unit of: its `generated` says nothing of that.
func unitState(
    _ block: [String: [String]], isRunAtBoot: (String) -> Bool = { _ in true }
) -> UnitState {
    var file = block["UnitFileState"]?.first ?? ""
    if file == "generated", let script = block["SourcePath"]?.first, script.contains("/init.d/") {
        file = isRunAtBoot(script) ? "enabled" : "disabled"
    }
    return UnitState(
        name: block["Id"]?.first ?? "", active: block["ActiveState"]?.first ?? "", file: file,
        linkedFrom: block["FragmentPath"]?.first)
}

/// systemd itself holds the socket until the first client comes, and beside the service after that.
func listeningSockets(_ foreign: [Listener], _ instruments: Instruments) async -> [SocketUnit] {
    guard foreign.contains(where: { $0.unit != nil || $0.processID == 1 }) else { return [] }
    let properties = "--property=Id,ActiveState,UnitFileState,Triggers,Listen,Accept"
    return await systemctl(["show", properties, "*.socket"], instruments).map { block in
        SocketUnit(
            state: unitState(block), triggers: block["Triggers"]?.first ?? "",
            addresses: block["Listen"] ?? [], isForEachClient: block["Accept"]?.first == "yes")
    }
}

private let serviceProperties =
    "--property=Id,ActiveState,UnitFileState,MainPID,Type,KillMode,TriggeredBy,WantedBy,RequiredBy,"
    + "RequisiteOf,BoundBy,ConsistsOf,UpheldBy,SourcePath,FragmentPath"

/// A unit of which a program is stopped and started again.
private func manageable(_ block: [String: [String]], _ files: HostFiles) -> UnitState {
    var state = unitState(block) { isRunAtBoot($0, in: files) }
    state.links = unitLinks(state.name, file: state.linkedFrom, in: files)
    // `systemctl link` leaves a link to a file elsewhere, which disabling the unit takes away.
    let target = state.linkedFrom.flatMap { files.link($0) }
    let own = ["/etc/systemd/", "/lib/systemd/", "/usr/lib/systemd/", "/run/systemd/", "/dev/null"]
    state.linkedFrom = target.flatMap { path in
        path.hasPrefix("/") && !own.contains(where: path.hasPrefix) ? path : nil
    }
    return state
}

/// - Returns: The units, and what the service starts: while no client came, no process shows it.
func socketManager(
    _ socket: SocketUnit, _ instruments: Instruments
) async -> (manager: ServiceManager, command: [String]) {
    let service =
        socket.isForEachClient ? nil : socket.triggers.split(separator: " ").first.map(String.init)
    // A service for a client is made of a template.
    let instance = socket.state.name.dropLast(".socket".utf8.count) + "@agent.service"
    let blocks = await systemctl(
        ["show", serviceProperties + ",ExecStart", service ?? String(instance)], instruments)
    let command = blocks.first?["ExecStart"]?.first.map(words(ofExecStart:)) ?? []
    var state = socket.state
    state.links = unitLinks(state.name, in: instruments.files)
    guard let block = blocks.first, service != nil else { return (.systemd([state]), command) }
    return (.systemd([manageable(block, instruments.files), state]), command)
}

/// `{ path=/usr/sbin/exim4 ; argv[]=/usr/sbin/exim4 -bs ; ignore_errors=no ; … }`
private func words(ofExecStart text: String) -> [String] {
    guard let start = text.firstRange(of: "argv[]="),
        let end = text[start.upperBound...].firstRange(of: " ; ")
    else { return [] }
    return text[start.upperBound..<end.lowerBound].split(separator: " ").map(String.init)
}

func serviceManager(
    _ listener: Listener, _ instruments: Instruments
) async -> (ServiceManager?, keeper: String?, note: String?) {
    let files = instruments.files
    let keeper = listener.processID.flatMap { supervisor(of: $0, in: files) }
    if let keeper, let process = listener.processID,
        let directory = supervisedDirectory(of: process, under: keeper, in: files)
    {
        return (.supervised(directory), nil, nil)
    }
    let loop = listener.processID.flatMap { script(above: $0, in: files) }
    guard files.exists("/run/systemd/system") else {
        guard keeper == nil else { return (nil, keeper, nil) }
        switch startScripts(of: listener, in: files) {
        case .one(let manager): return (manager, nil, nil)
        case .none: return (nil, loop, nil)
        case .several(let names):
            let list = names.joined(separator: " or ")
            return (nil, list, "which of them has started it cannot be told")
        }
    }
    if let keeper { return (nil, keeper, nil) }
    guard var unit = listener.unit, unit.hasSuffix(".service"), !unit.hasPrefix("user@") else {
        return (
            nil, loop,
            loop == nil ? "no service has it: it was started by hand, or by something that ended" : nil
        )
    }
    // Debian's unit for all instances of Postfix starts one for each, which nobody enables.
    let isPostfix = listener.mta == .postfix && unit.hasPrefix("postfix@")
    if isPostfix { unit = "postfix.service" }
    guard let block = await systemctl(["show", serviceProperties, unit], instruments).first else {
        return (nil, unit, "systemctl does not say what \(unit) is")
    }
    let main = block["MainPID"]?.first.flatMap { Int($0) } ?? 0
    let isScript = block["SourcePath"]?.first?.contains("/init.d/") == true
    // A unit that has run and left programs behind (rc-local) starts them again whatever is disabled.
    let isLauncher = block["Type"]?.first == "oneshot" && !isScript
    let isAlone =
        main == 0
        ? !isLauncher && isAloneInUnit(listener, in: files)
        : main == listener.processID || executable(of: main, in: files) == listener.executable
    if !isPostfix, !isAlone {
        let isSession = ["cron.service", "crond.service", "atd.service", "ssh.service", "sshd.service"]
            .contains(unit)
        return (
            nil, isSession ? loop : unit,
            "it runs under \(unit), which is more than this program and is not stopped for it"
        )
    }
    if block["KillMode"]?.first == "none" {
        return (nil, unit, "stopping \(unit) leaves its programs running (KillMode=none)")
    }
    let triggers = (block["TriggeredBy"]?.first ?? "").split(separator: " ").map(String.init)
        .filter { name in [".socket", ".timer", ".path"].contains(where: name.hasSuffix) }
    let states =
        triggers.isEmpty
        ? []
        : await systemctl(["show", "--property=Id,ActiveState,UnitFileState"] + triggers, instruments)
            .map { unitState($0) }
    var state = manageable(block, files)
    let pullers = pullers(of: state, block)
    var notes: [String] = []
    if !pullers.isEmpty {
        // Nothing can be put in the place of a file that is there itself.
        let own = "/etc/systemd/system/\(state.name)"
        let isMaskable =
            !state.isMasked && block["FragmentPath"]?.first.map { $0 != own && !$0.isEmpty } == true
        state.isToBeMasked = isMaskable ? true : nil
        notes.append(
            pullers.joined(separator: " and ")
                + (isMaskable
                    ? " would start it again at boot, so it is masked"
                    : " starts it again at boot: mask \(unit), or take it out there"))
    }
    let dragged = await dragged(by: state, triggers, block, instruments)
    if !dragged.isEmpty {
        let names = dragged.map(\.name).joined(separator: " and ")
        notes.append(
            "stopping it stops \(names) as well, which require\(dragged.count == 1 ? "s" : "") it; a rollback starts "
                + "\(dragged.count == 1 ? "that" : "them") again")
    }
    let own =
        [state]
        + states.map { trigger in
            var trigger = trigger
            trigger.links = unitLinks(trigger.name, in: files)
            return trigger
        }
    return (.systemd(own + dragged), nil, notes.isEmpty ? nil : notes.joined(separator: "; "))
}

/// Whether every process of the listener's unit runs the same program.
private func isAloneInUnit(_ listener: Listener, in files: HostFiles) -> Bool {
    var isAlone = true
    _ = files.visitEntries(of: "/proc") { entry in
        guard let process = Int(entry.name), unit(of: process, in: files) == listener.unit else {
            return true
        }
        isAlone = executable(of: process, in: files) == listener.executable
        return isAlone
    }
    return isAlone
}

/// Programs that start again what ends, by their names in the process table, with what tells them to stop it.
let supervisors: [String: [String]] = [
    "supervise": ["/usr/bin/svc", "/command/svc", "/usr/local/bin/svc"],
    "runsv": ["/usr/bin/sv", "/sbin/sv", "/usr/sbin/sv", "/usr/local/bin/sv"],
    "s6-supervise": ["/usr/bin/s6-svc", "/bin/s6-svc", "/command/s6-svc", "/usr/local/bin/s6-svc"],
]

/// The program above a process, when it is one that starts again what ends: daemontools, runit, s6.
private func supervisor(of process: Int, in files: HostFiles) -> String? {
    parent(of: process, in: files).flatMap { files.text("/proc/\($0)/comm")?.trimmed }
        .flatMap { supervisors[$0] == nil ? nil : $0 }
}

/// A shell above a process that runs a script, which may start the process again in a loop; one at a terminal has none.
private func script(above process: Int, in files: HostFiles) -> String? {
    guard let parent = parent(of: process, in: files), let shell = executable(of: parent, in: files),
        ["sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", "perl"].contains(baseName(shell))
    else { return nil }
    let words = commandLine(of: parent, in: files)
    guard words.dropFirst().contains(where: { !$0.hasPrefix("-") }) else { return nil }
    return "`\(words.joined(separator: " "))` (pid \(parent))"
}

func parent(of process: Int, in files: HostFiles) -> Int? {
    guard let stat = files.text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
        return nil
    }
    return stat[end...].split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
}
