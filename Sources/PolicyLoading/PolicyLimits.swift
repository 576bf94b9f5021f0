/// What a policy may hold, in one place for the decoder and the schema.
package enum PolicyLimits {
    /// The largest file that is read, in bytes; a thousand vouched networks take a third of it.
    package static let fileSizeInBytes = 256 * 1024

    static let version = 1
    static let warnAbove = 1...1_000_000
    static let port = 1...65_535
    static let keepLast = 1...10_000
    static let keepWithinDays = 1...3_650
    static let reasonLength = 1...200
    /// Levels of lists and blocks; a policy needs four.
    static let depth = 16
    /// How many errors are named one by one; a file with more is not a policy at all.
    static let diagnostics = 200
    /// The shortest prefix of a network whose clients may count as known.
    ///
    /// A /8 and a /32 are the most that a registry has handed to one organization as a rule; whoever lets in
    /// more than that lets in strangers, and "strangers: refuse" would say nothing.
    static let shortestPrefixV4 = 8
    static let shortestPrefixV6 = 32
}
