import Postfix

/// Where the files of a Postfix configuration are read: on the host that uses them, or in a copy of its directory.
enum ConfigurationPlace: Sendable {
    case host
    /// `directory` holds what was below `original` on the host.
    case copy(directory: String, original: String)

    /// Where a file is read, or why it is not, as a sentence without a full stop.
    enum Location: Equatable {
        case at(String)
        case nowhere(String)
    }

    /// - Parameter path: absolute, as the configuration names it.
    func locate(_ path: String, in files: HostFiles) -> Location {
        guard path.hasPrefix("/") else {
            return .nowhere("\(path) is no absolute path, and where Postfix looks for it is not known")
        }
        guard case .copy(let directory, let original) = self else { return .at(path) }
        guard let place = pathInCopy(path, directory: original, copy: directory) else {
            return .nowhere("outside \(original) and not part of the copy")
        }
        // A link in a copy from elsewhere must not show files of this machine.
        guard let real = files.resolved(place), let realDirectory = files.resolved(directory) else {
            return .at(place)
        }
        guard real == realDirectory || real.hasPrefix(realDirectory == "/" ? "/" : realDirectory + "/") else {
            return .nowhere("\(place) is a link that leads out of the copy")
        }
        return .at(real)
    }
}
