import MailModel
import Postfix

/// Finds the physical line that something stands on.
struct Quoting {
    let configuration: PostfixConfiguration
    let main: MainCF
    let master: MasterCF

    /// Where an item of a list value was written.
    func place(of item: ListItem) -> Place {
        if let whole = item.list.place(of: item.range) {
            return place(whole.origin, whole.range, token: item.text)
        }
        guard let first = item.list.firstPlace(of: item.range) else {
            return Place(file: .builtIn, line: nil, range: nil, token: item.text)
        }
        // The item was put together from several places: the first of them is named, none is edited.
        var place = place(first.origin, first.offset..<first.offset, token: item.text)
        place.range = nil
        return place
    }

    /// The parameter whose value holds an item.
    func parameter(of item: ListItem) -> String? {
        switch item.list.firstPlace(of: item.range)?.origin {
        case .main(let index)?: main.definitions[index].name
        case .override(let service, let override)?: master.services[service].overrides[override].name
        case .builtIn(let name)?: name
        case nil: nil
        }
    }

    /// Where a value, or a part of it, was written.
    func place(_ origin: TextOrigin, _ range: Range<Int>, token: String) -> Place {
        switch origin {
        case .builtIn: return Place(file: .builtIn, line: nil, range: nil, token: token)
        case .main(let index):
            let definition = main.definitions[index]
            return place(.main, definition.line, range, base: definition.valueRange.lowerBound, token)
        case .override(let service, let override):
            let service = master.services[service]
            let base = service.overrides[override].valueRange.lowerBound
            return place(.master, service.line, range, base: base, token)
        }
    }

    private func place(
        _ file: ConfigurationFile, _ line: LogicalLine, _ range: Range<Int>, base: Int, _ token: String
    ) -> Place {
        let start = line.place(of: base + range.lowerBound)
        let parts = line.places(of: range.lowerBound + base..<range.upperBound + base)
        return Place(
            file: file, line: start.line, range: parts.count == 1 ? parts[0].range : nil, token: token)
    }

    /// The definition of a parameter, where the whole of it is to blame.
    func definition(of name: String, in values: ParameterValues) -> Place {
        let value = values.value(of: name)
        switch value.origin {
        case .main(let index):
            let definition = main.definitions[index]
            let offset = definition.valueRange.lowerBound
            let end =
                definition.value.isEmpty ? definition.line.firstLine : definition.line.place(of: offset).line
            return Place(file: .main, line: end, range: nil, token: definition.value.text)
        case .override(let service, let index):
            let service = master.services[service]
            let override = service.overrides[index]
            let start = service.line.place(of: override.range.lowerBound)
            return Place(
                file: .master, line: start.line, range: nil, token: service.line.bytes[override.range].text)
        case .builtIn, nil:
            return Place(file: .builtIn, line: nil, range: nil, token: name)
        }
    }

    /// The file as messages name it: relative to the configuration directory when it is inside.
    func name(of file: ConfigurationFile) -> String {
        let path =
            switch file {
            case .main, .builtIn: "main.cf"
            case .master: "master.cf"
            case .included(let path), .table(let path): path
            }
        let root = configuration.directory + "/"
        if path.hasPrefix(root) { return String(path.dropFirst(root.count)) }
        let own = configuration.mainCF.path
        guard let slash = own.lastIndex(of: "/"), slash > own.startIndex else { return path }
        let copy = own[...slash]
        return path.hasPrefix(copy) ? String(path.dropFirst(copy.count)) : path
    }

    func bytes(of file: ConfigurationFile) -> [UInt8]? {
        switch file {
        case .main: configuration.mainCF.bytes
        case .master: configuration.masterCF.bytes
        case .included(let path): configuration.otherFiles[path]??.bytes
        case .table(let source): configuration.tableTexts[source]?.bytes
        case .builtIn: nil
        }
    }

    func text(of place: Place) -> String {
        guard let line = place.line, let bytes = bytes(of: place.file),
            let whole = physicalLine(line, of: bytes)
        else { return place.token }
        guard whole.count > Self.quotedLength else { return whole.text }
        return part(of: whole, around: Array(place.token.utf8))
    }

    /// How much of a line is quoted, in bytes; lines of megabytes are possible.
    private static let quotedLength = 4096

    private func part(of line: [UInt8], around token: [UInt8]) -> String {
        let start = line.firstRange(of: token)?.lowerBound ?? 0
        let range = max(0, start - Self.quotedLength / 2)..<min(line.count, start + Self.quotedLength / 2)
        return (range.lowerBound > 0 ? "… " : "") + line[range].text
            + (range.upperBound < line.count ? " …" : "")
    }
}
