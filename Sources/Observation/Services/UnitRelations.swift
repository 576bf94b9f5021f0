import MailModel
import Qmail

/// The links that `systemctl disable` takes away: every one to the unit, by its own name or by what it leads to,
/// and every one to the units that `Also=` of its file names (systemctl(1), systemd.unit(5)).
/// - Parameter file: The unit's own, as far as it is known.
func unitLinks(_ unit: String, file: String? = nil, in files: HostFiles) -> [String: String]? {
    let top = "/etc/systemd/system"
    var directories = [top]
    _ = files.forEachEntry(of: top) { entry in
        if [".wants", ".requires", ".upholds"].contains(where: entry.name.hasSuffix) {
            directories.append("\(top)/\(entry.name)")
        }
    }
    var names = alsoNamed(unit, file, in: files)
    var links: [String: String] = [:]
    // An alias that is found on the first way may have links of its own.
    for _ in 0..<2 {
        for directory in directories {
            _ = files.forEachEntry(of: directory) { entry in
                let path = "\(directory)/\(entry.name)"
                guard let target = files.link(path), target != "/dev/null",
                    names.contains(entry.name) || names.contains(baseName(target))
                else { return }
                links[path] = target
                names.insert(entry.name)
            }
        }
    }
    return links.isEmpty ? nil : links
}

/// The unit, and whatever is installed with it.
private func alsoNamed(_ unit: String, _ file: String?, in files: HostFiles) -> Set<String> {
    let places = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"]
    var names: Set<String> = []
    var pending = [unit]
    while let name = pending.popLast() {
        guard names.insert(name).inserted else { continue }
        let path =
            name == unit && file != nil ? file : places.map { "\($0)/\(name)" }.first(where: files.exists)
        guard let path, case .bytes(let bytes) = files.read(path) else { continue }
        pending += UnitText(bytes, section: "[Install]").lines("Also").flatMap(\.words)
    }
    return names
}

/// Units that would start a disabled one again, since their own files name it.
func pullers(of unit: UnitState, _ block: [String: [String]]) -> [String] {
    units(["WantedBy", "RequiredBy", "BoundBy", "UpheldBy"], block).filter { name in
        ![".wants", ".requires", ".upholds"].contains { suffix in
            unit.links?["/etc/systemd/system/\(name)\(suffix)/\(unit.name)"] != nil
        }
    }
}

/// Running units that are stopped along with a service; its own instances are part of it.
func dragged(
    by unit: UnitState, _ triggers: [String], _ block: [String: [String]], _ instruments: Instruments
) async -> [UnitState] {
    let base = unit.name.split(separator: ".").first ?? ""
    let names = units(["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf"], block).filter { name in
        !name.hasSuffix(".target") && !name.hasPrefix("\(base)@") && !triggers.contains(name)
    }
    guard !names.isEmpty else { return [] }
    let blocks = await systemctl(["show", "--property=Id,ActiveState,UnitFileState"] + names, instruments)
    return blocks.map { unitState($0) }.filter(\.isActive).map { state in
        var state = state
        state.requiresService = true
        return state
    }
}

private func units(_ properties: [String], _ block: [String: [String]]) -> [String] {
    var seen: Set<String> = []
    return properties.flatMap { (block[$0]?.first ?? "").split(separator: " ").map(String.init) }
        .filter { seen.insert($0).inserted }
}
