internal import Glibc
package import MailModel
internal import SystemPackage

/// What happens to a directory that is there already.
package enum ExistingDirectory: Hashable, Sendable {
    /// Its mode stays; it is refused when others may write to it.
    case keepsItsMode
    /// It is ours alone and gets mode 0700.
    case becomesPrivate
}

/// Makes a directory with mode 0700, or checks one that is there, so that nobody else can put files in it.
///
/// Missing directories above it are made as well, with mode 0755 as mkdir(1) does.
/// - Throws: ``ExitStatus/failed`` when it belongs to somebody else, others may write to it, or it cannot
///   be made; ``ExitStatus/needsRoot``.
package func makePrivateDirectory(_ path: String, existing: ExistingDirectory) throws(Failure) {
    let unfit = try attempt("the directory \(path) cannot be used", at: path) {
        () throws(Errno) -> Failure? in
        try makeMissing(path)
        if let link = linkOfOthers(on: path) { return reachedThrough(link, path) }
        let directory = try OpenFile(path: path, O_RDONLY | O_DIRECTORY)
        let before = try directory.status()
        guard !before.belongsToOthers else { return belongsToSomebodyElse(path) }
        if existing == .becomesPrivate, before.st_uid == geteuid(), before.permissions != 0o700 {
            try retrying { fchmod(directory.descriptor.rawValue, 0o700) }
        }
        let after = try directory.status()
        if after.othersMayWrite { return othersMayWrite(path, "chmod go-w") }
        return try after.hasAccessListForOthers(at: path + "/.") ? othersMayWrite(path, "setfacl -b") : nil
    }
    if let unfit { throw unfit }
}

private func makeMissing(_ path: String) throws(Errno) {
    var made = path.hasPrefix("/") ? "/" : "."
    let names = path.split(separator: "/")
    for (index, name) in names.enumerated() {
        made = join(made, String(name))
        guard mkdir(made, index == names.count - 1 ? 0o700 : 0o755) != 0 else { continue }
        let problem = Errno(rawValue: errno)
        // A directory that is there may answer with another reason than that it is there.
        var status = stat()
        guard problem == .fileExists || stat(made, &status) == 0 else { throw problem }
    }
}

/// A symbolic link on the way that another user made, who would choose the directory.
private func linkOfOthers(on path: String) -> String? {
    // What cannot be walked cannot be opened either; the root has no name to walk to.
    guard let walk = try? PathWalk.to(path + "/x") else { return nil }
    return walk.steps.first { $0.container != nil && $0.status.belongsToOthers }?.path
}

private func reachedThrough(_ link: String, _ path: String) -> Failure {
    Failure(
        .failed, "the directory \(path) cannot be used: \(link) is a symbolic link of another user",
        remedy: "Name the directory itself, or another one.")
}

private func belongsToSomebodyElse(_ path: String) -> Failure {
    Failure(
        .failed, "the directory \(path) cannot be used: it belongs to another user",
        remedy: "Name another place for the store, or take it over: chown root: \(path)")
}

private func othersMayWrite(_ path: String, _ command: String) -> Failure {
    Failure(
        .failed, "the directory \(path) cannot be used: others may write to it",
        remedy: "Name another place for the store, or close it: \(command) \(path)")
}
