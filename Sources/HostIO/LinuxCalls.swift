internal import Glibc
internal import SystemPackage

/// The C library's calls that its Swift module leaves out, found by name once.
///
/// Every one is part of glibc since 2.28. Each throws the error number as `Errno`.
enum LinuxCalls {
    /// How a rename treats what has the new name already (renameat2(2)).
    enum Rename: UInt32 {
        /// Fails with `fileExists` when something has the new name.
        case keepingTheOther = 1
        /// The two names change places in one step; both must exist.
        case exchange = 2
    }

    /// Renames within one directory, atomically.
    static func rename(
        _ old: String, to new: String, in directory: borrowing OpenFile, _ way: Rename
    ) throws(Errno) {
        guard let call = renameCall else { throw .notSupported }
        try check(
            Int(call(directory.descriptor.rawValue, old, directory.descriptor.rawValue, new, way.rawValue)))
    }

    /// A file without a name, in memory, closed in children (memfd_create(2)).
    static func fileInMemory(named name: String) throws(Errno) -> FileDescriptor {
        guard let call = memoryCall else { throw .notSupported }
        return FileDescriptor(rawValue: Int32(try check(Int(call(name, 1)))))
    }

    /// The names of the extended attributes of an open file (xattr(7)).
    static func attributeNames(_ file: FileDescriptor) throws(Errno) -> [String] {
        guard let call = listCall else { throw .notSupported }
        let names = try sized { call(file.rawValue, $0, $1) }
        return names.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    static func attribute(_ name: String, of file: FileDescriptor) throws(Errno) -> [UInt8] {
        guard let call = getCall else { throw .notSupported }
        return try sized { call(file.rawValue, name, $0, $1) }
    }

    /// Of a path whose last name is not followed when it is a symbolic link.
    /// - Returns: `nil` when it has none of that name, or its file system has none at all.
    static func attribute(_ name: String, ofPath path: String) throws(Errno) -> [UInt8]? {
        guard let call = getByPathCall else { throw .notSupported }
        do throws(Errno) {
            return try sized { call(path, name, $0, $1) }
        } catch {
            guard error == .noData || error == .notSupported else { throw error }
            return nil
        }
    }

    static func setAttribute(_ name: String, to value: [UInt8], of file: FileDescriptor) throws(Errno) {
        guard let call = setCall else { throw .notSupported }
        try check(Int(call(file.rawValue, name, value, value.count, 0)))
    }

    static func removeAttribute(_ name: String, of file: FileDescriptor) throws(Errno) {
        guard let call = removeCall else { throw .notSupported }
        try check(Int(call(file.rawValue, name)))
    }
}

private typealias RenameCall =
    @convention(c) @Sendable (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt
private typealias MemoryCall = @convention(c) @Sendable (UnsafePointer<CChar>, CUnsignedInt) -> CInt
private typealias ListCall = @convention(c) @Sendable (CInt, UnsafeMutableRawPointer?, Int) -> Int
private typealias GetCall =
    @convention(c) @Sendable (CInt, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
private typealias GetByPathCall =
    @convention(c) @Sendable (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) ->
    Int
private typealias SetCall =
    @convention(c) @Sendable (CInt, UnsafePointer<CChar>, UnsafeRawPointer?, Int, CInt) -> CInt
private typealias RemoveCall = @convention(c) @Sendable (CInt, UnsafePointer<CChar>) -> CInt

private let renameCall = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: RenameCall.self) }
private let memoryCall = dlsym(nil, "memfd_create").map { unsafeBitCast($0, to: MemoryCall.self) }
private let listCall = dlsym(nil, "flistxattr").map { unsafeBitCast($0, to: ListCall.self) }
private let getCall = dlsym(nil, "fgetxattr").map { unsafeBitCast($0, to: GetCall.self) }
private let getByPathCall = dlsym(nil, "lgetxattr").map { unsafeBitCast($0, to: GetByPathCall.self) }
private let setCall = dlsym(nil, "fsetxattr").map { unsafeBitCast($0, to: SetCall.self) }
private let removeCall = dlsym(nil, "fremovexattr").map { unsafeBitCast($0, to: RemoveCall.self) }

/// Turns a C result below zero into the error number that goes with it.
@discardableResult
func check(_ result: Int) throws(Errno) -> Int {
    guard result >= 0 else { throw Errno(rawValue: errno) }
    return result
}

/// Asks for the size first, then for the content, again when it grew in between.
private func sized(_ read: (UnsafeMutableRawPointer?, Int) -> Int) throws(Errno) -> [UInt8] {
    while true {
        let size = try check(read(nil, 0))
        guard size > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: size)
        let filled = buffer.withUnsafeMutableBytes { read($0.baseAddress, $0.count) }
        if filled >= 0 { return Array(buffer.prefix(filled)) }
        let problem = Errno(rawValue: errno)
        guard problem == .outOfRange else { throw problem }
    }
}
