import MailModel

/// Counts values in bounded memory: once there are too many different ones, the rarest are forgotten.
struct Tally {
    private let capacity: Int
    private var counts: [String: Int] = [:]
    private(set) var total = 0
    private(set) var isExact = true

    /// - Parameter capacity: How many different values are surely told apart.
    init(capacity: Int = 4096) { self.capacity = capacity }

    mutating func add(_ value: String) {
        total += 1
        counts[value, default: 0] += 1
        if counts.count > 2 * capacity { forgetTheRarest() }
    }

    /// What comes often comes again: it is counted on from what is left (Manku and Motwani, "lossy counting").
    private mutating func forgetTheRarest() {
        isExact = false
        let kept = counts.sorted { $0.value > $1.value }.prefix(capacity)
        counts = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }

    func top(_ count: Int, of property: MessageProperty) -> QueueReport.TopList {
        let entries = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(count)
            .map { QueueReport.TopList.Entry(value: $0.key, messages: $0.value) }
        return QueueReport.TopList(property: property, entries: entries, messages: total, isExact: isExact)
    }
}

/// Sources of messages, each with what is needed to judge it.
struct SourceTally {
    struct Source {
        var part = QueueReport.Part()
        var networks: Set<IPNetwork> = []
        var selection: [String]
    }

    private static let capacity = 4096
    private(set) var sources: [String: Source] = [:]

    mutating func add(_ message: ClassifiedMessage, size: Int, as name: String, selection: [String]) {
        if sources[name] == nil, sources.count >= 2 * Self.capacity { forgetTheRarest() }
        sources[name, default: Source(selection: selection)].add(message, size: size)
    }

    private mutating func forgetTheRarest() {
        let kept = sources.sorted { $0.value.part.messages > $1.value.part.messages }.prefix(Self.capacity)
        sources = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}

extension SourceTally.Source {
    mutating func add(_ message: ClassifiedMessage, size: Int) {
        part.add(message.message, size: size)
        if let network = message.network, networks.count < 100 { networks.insert(network) }
    }
}

extension QueueReport.Part {
    mutating func add(_ message: QueuedMessage, size: Int) {
        messages += 1
        bytes += size
        recipients += message.recipientCount
        let arrived = Timestamp(microseconds: message.arrived)
        first = min(first ?? arrived, arrived)
        last = max(last ?? arrived, arrived)
    }
}
