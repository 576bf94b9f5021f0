/// A release of Postfix.
package struct PostfixVersion: Comparable, Hashable, Sendable {
    package let major: Int
    package let minor: Int
    package let patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// The release that is assumed when none is known: the one whose behaviour was measured.
    package static let measured = PostfixVersion(3, 7, 11)

    /// Reads `mail_version`: `3.7.11`, `2.11-20140101`, `3.10.0-RC1`.
    package init?(_ text: String) {
        let numbers = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) }
        guard numbers.count >= 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        self.init(major, minor, numbers.count > 2 ? numbers[2] ?? 0 : 0)
    }

    package static func < (left: PostfixVersion, right: PostfixVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
