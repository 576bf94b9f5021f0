import Fixtures
import Foundation
import Glibc
import Testing

extension TemporaryDirectory {
    /// Writes a file in place and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) -> String {
        let file = open(self(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
        defer { close(file) }
        fchmod(file, mode)
        let written = Glibc.write(file, bytes, bytes.count)
        #expect(written == bytes.count)
        return self(name)
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
        write(name, Array(text.utf8), mode: mode)
    }

    /// What a file holds, read by plain C so that no test trusts what it tests.
    func bytes(_ name: String) -> [UInt8]? {
        guard let file = fopen(self(name), "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return bytes
    }

    func text(_ name: String) -> String { String(decoding: bytes(name) ?? [], as: UTF8.self) }

    /// The names in the directory, sorted, without `.` and `..`.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}

extension String {
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// Asks again until it holds, giving way to other processes, for at most ten seconds.
func eventually(_ holds: () -> Bool) -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(10)
    while clock.now < end {
        if holds() { return true }
        sched_yield()
    }
    return holds()
}

func codingRoundTrip<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}
